// What the user knows of the people behind the keys, and decides about them: safety numbers, compared by two people over another
// way, and what to believe when a key changed.
import { accountIdOf } from '@parley/shared/hashes.ts'
import type { AccountId, AccountKey, DeviceKey } from '@parley/shared/ids.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import { compareSafetyNumber, type Party, safetyNumberOf } from '#encryption/safety-number.ts'
import type { OfferedAs } from '#store/contacts-table.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import type { KeyNews } from './key-news.ts'
import type { People } from './people.ts'
import { type ReaddressDeps, readdress } from './readdress.ts'

export interface TrustDeps extends Omit<ReaddressDeps, 'me'> {
  readonly contacts: Contacts
  readonly people: Pick<People, 'resolve' | 'lookup' | 'vouchedName'>
  readonly me: () => Party & { readonly device: DeviceKey }
  /** Ends the session with a device that is served no more. */
  readonly endSession: (device: DeviceKey) => void
  readonly log: Pick<DeliveryLog, 'info' | 'warn' | 'error'>
}

export class Trust {
  readonly #deps: TrustDeps

  constructor(deps: TrustDeps) {
    this.#deps = deps
  }

  /** Of the key that is known of the contact, whatever else was offered. Rejects with ConversationError. */
  async safetyNumber(who: string, signal?: AbortSignal): Promise<SafetyNumber> {
    const { contacts } = this.#deps
    const party = await this.#resolve(who, signal)
    const { account } = party
    const verifiedAt = contacts.get(account)?.verifiedAt ?? undefined
    const verification = contacts.verification(account)
    return {
      account,
      name: contacts.label(account).name,
      ...safetyNumberOf(this.#deps.me(), party),
      verification,
      ...(verification === 'none' || verifiedAt === undefined ? {} : { verifiedAt }),
    }
  }

  /**
   * Remembers that the user compared the number: `proof` is the digits, or what was scanned at the other side. Rejects with
   * `safety-number-differs`, `bad-proof` when it is neither, or `key-changed` while another key is offered.
   */
  async verify(who: string, proof: string, signal?: AbortSignal): Promise<SafetyNumber> {
    const { store, contacts, now } = this.#deps
    const party = await this.#resolve(who, signal)
    const { account, accountKey } = party
    const { name } = contacts.label(account)
    if (contacts.get(account)?.offeredKey != null)
      throw new ConversationError('key-changed', `the key of ${name} changed: decide about that first`)
    const outcome = compareSafetyNumber(safetyNumberOf(this.#deps.me(), party), proof)
    if (outcome === 'unreadable')
      throw new ConversationError('bad-proof', 'this is neither 60 digits nor a code that Parley made')
    if (outcome === 'different')
      throw new ConversationError(
        'safety-number-differs',
        `this is not the safety number that you have with ${name}. One of you has another key than the other sees: ` +
          'compare again, and if it stays so, somebody stands in between',
      )
    await store.commits.run(() => {
      if (store.contacts.get(account)?.accountKey !== accountKey) return
      store.contacts.setVerified(account, { key: accountKey, at: now() })
      store.events.insert({ kind: 'verified', at: now(), account, detail: accountKey })
    })
    contacts.changed(account)
    return this.safetyNumber(account, signal)
  }

  /** Forgets that the number was compared. */
  async unverify(who: string, signal?: AbortSignal): Promise<SafetyNumber> {
    const { store, contacts, now } = this.#deps
    const { account } = await this.#resolve(who, signal)
    await store.commits.run(() => {
      if (store.contacts.get(account)?.verifiedKey === null) return
      store.contacts.setVerified(account, undefined)
      store.events.insert({ kind: 'unverified', at: now(), account })
    })
    contacts.changed(account)
    return this.safetyNumber(account, signal)
  }

  /** Of everybody who is known: how many, how many are verified, and the names of those whose key changed. */
  summary(): DaemonStatus['contacts'] {
    const { store, contacts } = this.#deps
    const known = store.contacts.all().filter(({ state }) => state !== 'stranger')
    return {
      known: known.length,
      verified: known.filter(({ account }) => contacts.verification(account) === 'verified').length,
      keyChanged: known
        .filter(({ offeredKey }) => offeredKey !== null)
        .map(({ account }) => contacts.label(account).name),
    }
  }

  /** The key that is offered in the place of the known one. Rejects with `no-key-change` when there is none. */
  async keyChange(who: string, signal?: AbortSignal): Promise<KeyChange> {
    const { contacts, delivery } = this.#deps
    const me = this.#deps.me()
    const { account, accountKey } = await this.#resolve(who, signal)
    const offer = this.#offerTo(account)
    return {
      account,
      name: contacts.label(account).name,
      kind: offer.as,
      known: { key: accountKey, number: safetyNumberOf(me, { account, accountKey }).number },
      offered: { ...offer, number: safetyNumberOf(me, { account: offer.account, accountKey: offer.key }).number },
      waiting: delivery.outbox.quota.load(account).messages,
    }
  }

  /**
   * The user takes the offered key for the contact's, whoever it may be: what was held goes to it. `key` is the one that was looked
   * at. Rejects with `no-key-change`, `key-changed` when another one is offered by now, or as a look-up does.
   */
  async acceptKey(who: string, key: string, signal?: AbortSignal): Promise<AcceptedKey> {
    const { contacts, people } = this.#deps
    const { account } = await this.#resolve(who, signal)
    const offer = this.#offerTo(account)
    if (offer.key !== key) throw otherKeyOffered()
    if (offer.as === 'other-account') return this.#acceptAccount(account, offer, signal)
    const waiting = this.#deps.delivery.outbox.quota.load(account).messages
    for (const device of await contacts.keyChanges.acceptChain(account, offer.key)) this.#deps.endSession(device)
    // Where the new key's devices are. Without a directory they show themselves when they come.
    const name = people.vouchedName(account)
    if (name !== undefined) await people.lookup(name, signal).catch((error: unknown) => this.#noteLookup(error))
    return { account, name: contacts.label(account).name, sent: waiting }
  }

  /** The user keeps the known key: what was held goes to it, and the offered one is not asked about again. */
  async refuseKey(who: string, key: string, signal?: AbortSignal): Promise<AcceptedKey> {
    const { contacts, delivery } = this.#deps
    const { account } = await this.#resolve(who, signal)
    const offer = this.#offerTo(account)
    if (offer.key !== key) throw otherKeyOffered()
    await contacts.keyChanges.refuse(account, offer.key)
    return { account, name: contacts.label(account).name, sent: delivery.outbox.quota.load(account).messages }
  }

  /** Sends on what a stop of the program left in between. */
  async resume(): Promise<void> {
    for (const { account, replacedBy } of this.#deps.store.contacts.all())
      if (replacedBy !== null) await this.#readdress(account, replacedBy)
  }

  /** Told of what happened to a contact's key. */
  keyNews({ kind, account }: KeyNews): void {
    const { log, store } = this.#deps
    const fields = { account, detail: store.contacts.get(account)?.offeredKey ?? undefined }
    if (kind === 'key-changed') log.warn(fields, 'the key of a contact changed; nothing is sent until the user decides')
    else log.info({ account, kind }, 'news of the key of a contact')
    if (kind === 'key-changed' && isPlanted('auto-resend-on-key-change')) {
      const key = store.contacts.get(account)?.offeredKey ?? ''
      setImmediate(() => void this.acceptKey(account, key).catch((error: unknown) => this.#noteLookup(error)))
    }
  }

  async #acceptAccount(account: AccountId, offer: Offer, signal: AbortSignal | undefined): Promise<AcceptedKey> {
    const { store, contacts, people } = this.#deps
    const name = people.vouchedName(account)
    const found = name === undefined ? undefined : await people.lookup(name, signal)
    const successor = found?.account
    const directory = store.contacts.namesOf(account).find((one) => one.name === successor?.record.name)?.directory
    if (successor === undefined || directory === undefined || successor.record.accountKey !== offer.key)
      throw otherKeyOffered()
    await store.commits.run(() => contacts.introductions.takeSuccessor(account, directory, successor))
    contacts.changed(account)
    contacts.keyChanges.tell('key-accepted', offer.account)
    const sent = await this.#readdress(account, offer.account)
    return { account: offer.account, name: contacts.label(offer.account).name, sent, formerAccount: account }
  }

  #readdress(from: AccountId, to: AccountId): Promise<number> {
    return readdress({ ...this.#deps, me: this.#deps.me() }, from, to)
  }

  #offerTo(account: AccountId): Offer {
    const contact = this.#deps.store.contacts.get(account)
    const { offeredKey: key = null, offeredAs: as = null, offeredAccount = null } = contact ?? {}
    // Of an offer that an older Parley noted there is no account: a chain of the same one, or the hash of another's first key.
    if (key !== null && as !== null)
      return { key, as, account: offeredAccount ?? (as === 'other-chain' ? account : accountIdOf(key)) }
    const { name } = this.#deps.contacts.label(account)
    throw new ConversationError(
      'no-key-change',
      `the key of ${name} is the one that you know: there is nothing to decide`,
    )
  }

  #noteLookup(error: unknown): void {
    this.#deps.log.warn({ err: error }, 'the directory could not be asked about an accepted key')
  }

  async #resolve(who: string, signal: AbortSignal | undefined): Promise<Party> {
    const account = await this.#deps.people.resolve(who, signal)
    const contact = this.#deps.contacts.get(account)
    if (contact === undefined) throw new ConversationError('self', 'you have no safety number with yourself')
    return { account, accountKey: contact.accountKey }
  }
}

interface Offer {
  readonly key: AccountKey
  readonly as: OfferedAs
  /** Whose key it is. */
  readonly account: AccountId
}

function otherKeyOffered(): ConversationError {
  return new ConversationError(
    'key-changed',
    'another key is offered now than the one that you decided about: look again',
  )
}
