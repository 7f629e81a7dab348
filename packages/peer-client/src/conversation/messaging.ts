import { systemClock } from '@parley/shared/clock.ts'
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { MAX_EVENT_BACKLOG, MAX_PAGE_MESSAGES } from '@parley/shared/limits.ts'
import type { PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { formerKeys } from '@parley/shared/signed/rotation.ts'
import { REACTION_KIND, READ_KIND } from '@parley/shared/wire/message-body.ts'
import { Delivery } from '#delivery/delivery.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import { DeviceLocks } from '#encryption/device-locks.ts'
import { Prekeys } from '#encryption/prekeys.ts'
import { Ratchets } from '#encryption/ratchets.ts'
import type { Identity } from '#identity/identity.ts'
import type { DatabaseKey } from '#store/database-key.ts'
import { MatchThread } from '#store/match-thread.ts'
import type { Store } from '#store/store.ts'
import { Contacts } from './contacts.ts'
import type { Happening } from './conversations.ts'
import { EventLog } from './event-log.ts'
import { Feed } from './feed.ts'
import { Heard } from './heard.ts'
import { Indexing } from './indexing.ts'
import type { Myself } from './introductions.ts'
import type { KeyNews } from './key-news.ts'
import { MessageViews } from './message-views.ts'
import { Notes, type Notice } from './notes.ts'
import { RatchetSealing } from './ratchet-sealing.ts'
import { Reactions } from './reactions.ts'
import { ReadReceipts } from './read-receipts.ts'
import { Received } from './received.ts'
import { Revisions } from './revisions.ts'
import { Search } from './search.ts'

export interface MessagingOptions {
  readonly store: Store
  /** Of its database, for those who open it once more. */
  readonly key: DatabaseKey | undefined
  readonly identity: Identity
  readonly log: DeliveryLog
  readonly claimBundle: (device: DeviceKey, signal: AbortSignal) => Promise<PrekeyBundle>
  readonly isBlacklisted: (identity: AccountId | DeviceKey) => boolean
  readonly onContactChange: (account: AccountId) => void
  readonly onKeyNews: (news: KeyNews) => void
}

/** The parts of a peer that need no network, put together: contacts, encryption, delivery, and what is shown of it. */
export class Messaging {
  readonly contacts: Contacts
  readonly revisions: Revisions
  readonly reactions: Reactions
  readonly views: MessageViews
  readonly received: Received
  readonly receipts: ReadReceipts
  readonly heard: Heard
  readonly delivery: Delivery
  readonly notes: Notes
  readonly search: Search
  readonly happenings = new Feed<Happening>(MAX_EVENT_BACKLOG, ({ kind }) => {
    if (CHANGES_TEXT.has(kind)) this.search.indexing.wake()
  })
  readonly notices = new Feed<Notice>()
  readonly eventLog: EventLog
  readonly #store: Store
  readonly #prekeys: Prekeys

  constructor(options: MessagingOptions) {
    const { store, key, identity, log, claimBundle, isBlacklisted, onContactChange, onKeyNews } = options
    const { signalIdentity } = identity
    const me = { account: identity.accountId, device: identity.device.publicKey }
    this.#store = store
    this.contacts = new Contacts({
      store,
      me: () => myself(identity),
      now: () => systemClock.now(),
      isBlacklisted,
      onChange: onContactChange,
      onHold: (account) => this.#tellHold(me, account),
      onNews: (news) => {
        this.#tellNote(news)
        onKeyNews(news)
      },
    })
    this.notes = new Notes({ store, contacts: this.contacts })
    this.revisions = new Revisions(store)
    this.reactions = new Reactions(store)
    const { contacts, revisions, reactions } = this
    this.views = new MessageViews({ store, contacts, revisions, reactions, me })
    const { views } = this
    const indexing = new Indexing({ store, views, revisions, clock: systemClock, log })
    const matches = new MatchThread({
      file: store.database.name,
      key,
      onDied: (error) => log.error({ err: error }, 'the thread that searches messages died'),
    })
    this.search = new Search({ store, contacts, views, indexing, matches, me: me.account })
    this.eventLog = new EventLog({
      store,
      views,
      notes: this.notes,
      happenings: this.happenings,
      notices: this.notices,
    })
    this.received = new Received({
      store,
      views: this.views,
      happenings: this.happenings,
      now: () => systemClock.now(),
    })
    this.heard = new Heard(store, me.device)
    this.receipts = new ReadReceipts({ store, me, happenings: this.happenings, now: () => systemClock.now() })
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
      onSpecial: (author, messages) => {
        for (const message of messages) {
          if (message.kind === READ_KIND) this.receipts.record(author, message)
          else if (message.kind === REACTION_KIND) this.reactions.record(author, message)
          else this.revisions.record(author, message)
        }
      },
      events: {
        received: ({ stream, from, to, account }) => {
          this.contacts.wroteToMe(account)
          this.heard.received(stream)
          this.happenings.publish({ kind: 'received', stream, from, to })
        },
        delivered: ({ stream, from, to, account }) => {
          this.happenings.publish({ kind: 'delivered', stream, from, to })
          this.receipts
            .delivered(stream, from, to, account)
            .catch((error: unknown) => log.error({ err: error }, 'a receipt could not be noted'))
        },
        sent: ({ stream, from, to }) => this.happenings.publish({ kind: 'sent', stream, from, to }),
        moved: ({ stream, from, to }) => this.happenings.publish({ kind: 'moved', stream, from, to }),
        noted: (note) => this.#tellNote(note),
        ended: ({ stream, seq }) => this.happenings.publish({ kind: 'ended', stream, from: seq, to: seq }),
      },
    })
  }

  /** The directory, which holds so many one-time prekeys, should get a batch: they run low, or the signed one is a week old. */
  isBatchDue(held: number): boolean {
    return this.#prekeys.isBatchDue(held)
  }

  /** For a directory that holds so many one-time prekeys of this device; the private halves are on the disk. */
  async prekeyBatch(held: number): Promise<PrekeyBatch> {
    const { batch, change } = this.#prekeys.batch(held)
    await this.#store.commits.run(() => change.apply())
    return batch
  }

  #tellNote({ account, kind }: Pick<Notice, 'account' | 'kind'>): void {
    const note = this.contacts.get(account) === undefined ? undefined : this.notes.newest(account, kind)
    if (note !== undefined) this.notices.publish(note)
  }

  /** Whoever waits for a message, or shows it, hears that it is held or let go. */
  #tellHold(me: { readonly account: AccountId; readonly device: DeviceKey }, account: AccountId): void {
    for (const { id, device, upTo } of this.#store.streams.ofConversation(directConversationId(account, me.account))) {
      const waiting = device === me.device ? this.#store.deliveries.lowestOpen(id, account) : undefined
      for (let from = waiting ?? upTo + 1; from <= upTo; from += MAX_PAGE_MESSAGES) {
        const to = Math.min(from + MAX_PAGE_MESSAGES - 1, upTo)
        this.happenings.publish({ kind: 'hold', stream: id, from, to })
      }
    }
  }
}

/** After these there is something else to find. */
const CHANGES_TEXT: ReadonlySet<Happening['kind']> = new Set(['accepted', 'received', 'edited', 'ended', 'moved'])

/** Read each time: the account key rotates. */
function myself({ accountId: account, account: { publicKey: accountKey }, rotations }: Identity): Myself {
  return { account, accountKey, formerKeys: new Set(formerKeys(rotations)) }
}
