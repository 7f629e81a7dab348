// What the user knows of the people behind the keys: safety numbers, compared by two people over another way.
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { compareSafetyNumber, type Party, safetyNumberOf } from '#encryption/safety-number.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import type { People } from './people.ts'

export interface TrustDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly people: Pick<People, 'resolve'>
  readonly me: () => Party
  readonly now: () => number
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

  async #resolve(who: string, signal: AbortSignal | undefined): Promise<Party> {
    const account = await this.#deps.people.resolve(who, signal)
    const contact = this.#deps.contacts.get(account)
    if (contact === undefined) throw new ConversationError('self', 'you have no safety number with yourself')
    return { account, accountKey: contact.accountKey }
  }
}
