// A key that the known one did not sign: everything towards the contact is held until the user says what to believe.
import type { AccountId, AccountKey, DeviceKey } from '@parley/shared/ids.ts'
import type { VerifiedAccount } from '@parley/shared/signed/account-record.ts'
import { readDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { ContactRow, OfferedAs } from '#store/contacts-table.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'
import type { KeyNews } from './key-news.ts'
import type { KnownKeys } from './key-standing.ts'

export interface KeyChangesDeps {
  readonly store: Store
  readonly now: () => number
  /** A transaction wrote to the contact. */
  readonly onChanged: (account: AccountId) => void
  /** What waits for the account is held from now on, or no longer. */
  readonly onHold: (account: AccountId) => void
  readonly onNews: (news: KeyNews) => void
}

export class KeyChanges {
  readonly #deps: KeyChangesDeps

  constructor(deps: KeyChangesDeps) {
    this.#deps = deps
  }

  known({ account, accountKey }: ContactRow): KnownKeys {
    const { contactKeys } = this.#deps.store
    return {
      inForce: accountKey,
      former: contactKeys.of(account, 'former'),
      refused: contactKeys.of(account, 'refused'),
    }
  }

  /** Inside a transaction: a chain that ends in the key in force. Those before it were in force once. */
  remember(account: AccountId, keys: readonly AccountKey[]): void {
    for (const key of keys.slice(0, -1)) this.#deps.store.contactKeys.put(account, key, 'former')
  }

  /** Inside a transaction: the key in force signed over to another one. */
  follow({ account, accountKey }: ContactRow, keys: readonly AccountKey[], to: AccountKey): void {
    const { store, now } = this.#deps
    store.contactKeys.put(account, accountKey, 'former')
    this.remember(account, keys)
    store.contacts.setKey(account, to)
    store.events.insert({ kind: 'key-rotated', at: now(), account, detail: to })
  }

  /** Somebody presents a key for the contact that nothing known signed for. Nothing is sent from now on. */
  async offer(account: AccountId, offer: { key: AccountKey; as: OfferedAs; account: AccountId }): Promise<void> {
    const { store, now } = this.#deps
    if (store.contacts.get(account)?.offeredKey === offer.key) return
    await store.commits.run(() => {
      store.contacts.offerKey(account, offer)
      store.deliveries.setHold(account, 'blocked-key-change')
      store.events.insert({ kind: 'key-changed', at: now(), account, detail: offer.key })
    })
    this.tell('key-changed', account)
  }

  /** Inside a transaction. The name stands for the known account again, and only to its keys was ever anything sent. */
  restore(account: AccountId, at: number): boolean {
    const { store } = this.#deps
    if (store.contacts.get(account)?.offeredAs !== 'other-account') return false
    this.#withdraw(account)
    store.events.insert({ kind: 'key-restored', at, account })
    return true
  }

  /** The user keeps the known key: what waits goes to it, and this other key is not offered again. Rejects as `acceptChain`. */
  async refuse(account: AccountId, key: AccountKey): Promise<void> {
    const { store, now } = this.#deps
    await store.commits.run(() => {
      this.#offered(account, key)
      this.#withdraw(account)
      store.contactKeys.put(account, key, 'refused')
      store.events.insert({ kind: 'key-refused', at: now(), account, detail: key })
    })
    this.tell('key-refused', account)
  }

  /**
   * The user takes another chain of keys for the contact's: what waits goes to it. The devices of the old key are put aside, and what
   * they never confirmed goes to those of the new one. Rejects with ConversationError `key-changed` when this is not the key that is
   * offered now.
   */
  async acceptChain(account: AccountId, key: AccountKey): Promise<DeviceKey[]> {
    const { store, now } = this.#deps
    const aside = await store.commits.run(() => {
      const contact = this.#offered(account, key)
      const at = now()
      store.contactKeys.clear(account, 'former')
      // Whoever holds it still may not hold up everything once more.
      store.contactKeys.put(account, contact.accountKey, 'refused')
      store.contacts.setKey(account, key)
      store.contacts.setVerified(account, undefined)
      store.deliveries.setHold(account, null)
      store.events.insert({ kind: 'key-accepted', at, account, detail: key })
      return this.#putAside(account, key, at)
    })
    this.tell('key-accepted', account)
    return aside
  }

  /**
   * Inside a transaction: the user takes the account that has the contact's name now for the same person. The old account is a
   * stranger then. For the caller to do: tell, and send on what waits for it.
   */
  acceptAccount(account: AccountId, { record }: VerifiedAccount, directory: string, at: number): void {
    const { store } = this.#deps
    const { accountId: successor, accountKey, displayName, name } = record
    this.#offered(account, accountKey)
    store.contacts.withdrawOffer(account)
    store.contacts.setState(account, 'stranger')
    store.contacts.setVerified(account, undefined)
    store.contacts.setReplacedBy(account, successor)
    store.contacts.insert({ account: successor, state: 'accepted', accountKey, displayName, addedAt: at })
    store.contacts.setState(successor, 'accepted')
    store.contacts.moveName(directory, name, successor)
    // Where the conversation ends, and where it goes on.
    for (const one of [account, successor])
      store.events.insert({ kind: 'key-accepted', at, account: one, detail: accountKey })
  }

  /** Whether the device was put aside with the key that certified it: a certificate by the key in force brings it back. */
  isAside(device: DeviceKey, known: KnownKeys): boolean {
    const { devices } = this.#deps.store
    const certificate = devices.get(device)?.state === 'revoked' ? devices.certificateOf(device) : undefined
    if (certificate === undefined) return false
    const { accountKey } = readDeviceCertificate(certificate)
    return accountKey !== known.inForce && !known.former.has(accountKey)
  }

  /** After the transaction that did it: everybody who shows the contact, or waits for it, hears of it. */
  tell(kind: KeyNews['kind'], account: AccountId): void {
    this.#deps.onChanged(account)
    this.#deps.onHold(account)
    this.#deps.onNews({ kind, account })
  }

  #withdraw(account: AccountId): void {
    const { store } = this.#deps
    store.contacts.withdrawOffer(account)
    store.deliveries.setHold(account, null)
  }

  #offered(account: AccountId, key: AccountKey): ContactRow {
    const contact = this.#deps.store.contacts.get(account)
    if (contact?.offeredKey === key) return contact
    throw new ConversationError(
      'key-changed',
      'another key is offered now than the one that you decided about: look again',
    )
  }

  #putAside(account: AccountId, key: AccountKey, at: number): DeviceKey[] {
    const { devices, envelopes } = this.#deps.store
    const aside = devices.ofAccount(account).filter(({ device }) => {
      const certificate = devices.certificateOf(device)
      return certificate === undefined || readDeviceCertificate(certificate).accountKey !== key
    })
    for (const { device } of aside) {
      devices.setState(device, 'revoked')
      for (const { n } of envelopes.open(device)) envelopes.end(n, 'superseded', at)
    }
    return aside.map(({ device }) => device)
  }
}
