import { systemClock } from '@parley/shared/clock.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { Delivery } from '#delivery/delivery.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import { DeviceLocks } from '#encryption/device-locks.ts'
import { Prekeys } from '#encryption/prekeys.ts'
import { Ratchets } from '#encryption/ratchets.ts'
import type { Identity } from '#identity/identity.ts'
import type { Store } from '#store/store.ts'
import { Contacts } from './contacts.ts'
import type { Happening } from './conversations.ts'
import { Feed } from './feed.ts'
import { MessageViews } from './message-views.ts'
import { RatchetSealing } from './ratchet-sealing.ts'

export interface MessagingOptions {
  readonly store: Store
  readonly identity: Identity
  readonly log: DeliveryLog
  readonly claimBundle: (device: DeviceKey, signal: AbortSignal) => Promise<PrekeyBundle>
  readonly onContactChange: (account: AccountId) => void
}

/** The parts of a peer that need no network, put together: contacts, encryption, delivery, and what is shown of it. */
export class Messaging {
  readonly contacts: Contacts
  readonly views: MessageViews
  readonly delivery: Delivery
  readonly happenings = new Feed<Happening>()
  readonly #store: Store
  readonly #prekeys: Prekeys

  constructor({ store, identity, log, claimBundle, onContactChange }: MessagingOptions) {
    const { signalIdentity } = identity
    const me = {
      account: identity.accountId,
      device: identity.device.publicKey,
      accountKey: identity.account.publicKey,
    }
    this.#store = store
    this.contacts = new Contacts({ store, me, now: () => systemClock.now(), onChange: onContactChange })
    this.views = new MessageViews(store, this.contacts, me)
    this.#prekeys = new Prekeys({ database: store.database, signalIdentity })
    const ratchets = new Ratchets({ database: store.database, signalIdentity, myDevice: me.device })
    this.delivery = new Delivery({
      store,
      me,
      sealing: new RatchetSealing(ratchets, this.#prekeys, store),
      locks: new DeviceLocks(),
      clock: systemClock,
      log,
      mayServe: (account) => this.contacts.mayServe(account),
      claimBundle,
      events: {
        received: ({ stream, from, to, account }) => {
          this.contacts.wroteToMe(account)
          this.happenings.publish({ kind: 'received', stream, from, to })
        },
        delivered: ({ stream, from, to }) => this.happenings.publish({ kind: 'delivered', stream, from, to }),
        sent: ({ stream, from, to }) => this.happenings.publish({ kind: 'sent', stream, from, to }),
        ended: ({ stream, seq }) => this.happenings.publish({ kind: 'ended', stream, from: seq, to: seq }),
      },
    })
  }

  /** For a directory that holds so many one-time prekeys of this device; the private halves are on the disk. */
  async prekeyBatch(held: number): Promise<PrekeyBatch> {
    const { batch, change } = this.#prekeys.batch(held)
    await this.#store.commits.run(() => change.apply())
    return batch
  }
}
