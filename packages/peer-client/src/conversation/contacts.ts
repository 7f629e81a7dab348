// Who is who: accounts are pinned on first use, a rotation is followed when the pinned key signed it, and any other change
// stops everything towards that contact until the user decides.
import { accountIdOf } from '@parley/shared/hashes.ts'
import type { AccountId, AccountKey, DeviceKey, Name } from '@parley/shared/ids.ts'
import { MAX_STRANGERS } from '@parley/shared/limits.ts'
import type { Verification } from '@parley/shared/local-api/trust.ts'
import type { DeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { type Jws, SignedObjectError } from '@parley/shared/signed/jws.ts'
import { verifyRotations } from '@parley/shared/signed/rotation.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import type { ContactRow, OfferedAs } from '#store/contacts-table.ts'
import type { Store } from '#store/store.ts'
import type { Admission } from './admission.ts'

export interface ContactsDeps {
  readonly store: Store
  readonly me: { readonly account: AccountId; readonly accountKey: AccountKey }
  readonly now: () => number
  /** By account id or device key: the owner does not want to hear from it, nor to be heard. */
  readonly isBlacklisted: (identity: AccountId | DeviceKey) => boolean
  /** Something about the contact changed that others may want to show or act on. */
  readonly onChange: (account: AccountId) => void
  /** What waits for the account is held from now on, or no longer. */
  readonly onHold: (account: AccountId) => void
}

/** A device that proved its key, and what it said of itself. */
export interface Newcomer {
  readonly device: DeviceKey
  readonly certificate: DeviceCertificate
  readonly hello: { readonly deviceCertificate: Jws; readonly rotations: readonly Jws[]; readonly name: Name }
}

type KeyStanding = 'same' | 'rotated' | 'changed'

interface Label {
  readonly name: string
  /** A directory vouches for the name. */
  readonly isVerified: boolean
}

export class Contacts {
  readonly #deps: ContactsDeps
  readonly #rows = new Map<AccountId, ContactRow>()
  readonly #labels = new Map<AccountId, Label>()
  readonly #names = new Map<string, AccountId>()

  constructor(deps: ContactsDeps) {
    this.#deps = deps
  }

  get(account: AccountId): ContactRow | undefined {
    let row = this.#rows.get(account)
    if (row === undefined) {
      row = this.#deps.store.contacts.get(account)
      if (row !== undefined) this.#rows.set(account, row)
    }
    return row
  }

  /** What the user knows of the key that is in force; of a contact whose key changed: nothing. */
  verification(account: AccountId): Verification {
    const contact = this.get(account)
    if (contact === undefined || contact.verifiedKey === null || contact.offeredKey !== null) return 'none'
    return contact.verifiedKey === contact.accountKey ? 'verified' : 'rotated-since'
  }

  /** Something wrote to the contact: what was kept of it is read again. */
  changed(account: AccountId): void {
    this.#rows.delete(account)
    this.#labels.delete(account)
    this.#names.clear()
    this.#deps.onChange(account)
  }

  /** The owner put the account on the blacklist: whatever waits for it stays here. */
  isShunned(account: AccountId): boolean {
    return this.#deps.isBlacklisted(account)
  }

  /** Nothing is sealed for strangers, the blocked, or anybody whose key changed. My own devices are always served. */
  mayServe(account: AccountId): boolean {
    if (account === this.#deps.me.account) return true
    const contact = this.get(account)
    return contact?.state === 'accepted' && contact.offeredKey === null && !this.isShunned(account)
  }

  /**
   * Takes in what a directory serves under a name, and returns the account that the name stands for here. When the name was
   * pinned to another account, or the account's key changed without the old key's signature, the contact is held instead.
   * Under `movedFrom` the account was known before. A name that my contact gave up goes on to mean that contact to me.
   */
  async adopt(
    directory: string,
    user: VerifiedUser,
    movedFrom: readonly Name[] = [],
  ): Promise<{ account: AccountId; isKeyChanged: boolean }> {
    const { store, now } = this.#deps
    const { record, keys, devices } = user.account
    const pinned = store.contacts.byName(directory, record.name)
    const known = [pinned, ...movedFrom.map((name) => store.contacts.byName(directory, name))]
    const other = known.find((one) => one !== undefined && one.account !== record.accountId)
    if (other !== undefined && (other !== pinned || other.givenUp === 1)) {
      return { account: other.account, isKeyChanged: false }
    }
    if (pinned !== undefined && pinned.account !== record.accountId) {
      await this.#offer(pinned.account, record.accountKey, 'other-account')
      return { account: pinned.account, isKeyChanged: true }
    }
    const { accountId: account, accountKey, displayName } = record
    const standing = this.#standing(account, accountKey, keys)
    if (standing === 'changed') {
      await this.#offer(account, accountKey, 'other-chain')
      return { account, isKeyChanged: true }
    }
    const isRestored = await store.commits.run(() => {
      const at = now()
      store.contacts.insert({ account, state: 'stranger', accountKey, displayName, addedAt: at })
      if (standing === 'rotated') this.#followRotation(account, accountKey)
      const isLetGo = pinned?.account === account && this.#restore(account, at)
      store.contacts.setDisplayName(account, displayName)
      store.contacts.addName(directory, record.name, account, at)
      store.contacts.setGivenUp(directory, record.name, account, false)
      for (const name of movedFrom) {
        store.contacts.addName(directory, name, account, at)
        store.contacts.setGivenUp(directory, name, account, true)
      }
      for (const device of devices) this.#addDevice(device, device.jws, at)
      for (const device of record.revoked)
        if (store.devices.get(device)?.account === account) store.devices.setState(device, 'revoked')
      return isLetGo
    })
    this.changed(account)
    if (isRestored) this.#deps.onHold(account)
    return { account, isKeyChanged: this.get(account)?.offeredKey != null }
  }

  /** Whether a device that wants a session is let in; makes sure that it and its account are known before its first frame. */
  async admit(newcomer: Newcomer): Promise<Admission> {
    const { store, me, now, isBlacklisted } = this.#deps
    const { accountId: account, accountKey } = newcomer.certificate
    if (isBlacklisted(account) || isBlacklisted(newcomer.device)) return 'blocked'
    if (store.devices.get(newcomer.device)?.state === 'revoked') return 'revoked'
    const known = this.get(account)
    if (known?.state === 'blocked') return 'blocked'
    const keys = await keysOf(account, accountKey, newcomer.hello.rotations)
    if (account === me.account) {
      if (accountKey !== me.accountKey) return 'unproven'
    } else if (known === undefined) {
      if (keys === undefined) return 'unproven'
      if (store.contacts.all().filter(({ state }) => state === 'stranger').length >= MAX_STRANGERS)
        return 'too-many-strangers'
    } else if (this.#standing(account, accountKey, keys ?? [accountKey]) === 'changed') {
      // Only somebody who holds a key that this account once had can be more than a forger.
      if (keys !== undefined) await this.#offer(account, accountKey, 'other-chain')
      return keys === undefined ? 'unproven' : 'key-changed'
    }
    await store.commits.run(() => {
      const at = now()
      if (account !== me.account) {
        store.contacts.insert({ account, state: 'stranger', accountKey, displayName: newcomer.hello.name, addedAt: at })
        if (this.#standing(account, accountKey, keys ?? []) === 'rotated') this.#followRotation(account, accountKey)
        if (store.contacts.namesOf(account).length === 0)
          store.contacts.addName(SELF_NAMED, newcomer.hello.name, account, at)
      }
      this.#addDevice(newcomer.certificate, newcomer.hello.deviceCertificate, at)
      store.devices.setSeen(newcomer.device, at)
    })
    this.changed(account)
    return 'admitted'
  }

  /** A message of theirs was stored: whoever was a stranger until then is a contact now. */
  wroteToMe(account: AccountId): void {
    if (this.#rows.get(account)?.state !== 'accepted') this.changed(account)
  }

  /** Writing to somebody, or being written to, makes a contact of a stranger. */
  async accept(account: AccountId): Promise<void> {
    const { store } = this.#deps
    if (store.contacts.get(account)?.state !== 'stranger') return
    await store.commits.run(() => store.contacts.setState(account, 'accepted'))
    this.changed(account)
  }

  /** Who answers to the name: one that a directory vouches for, or else one that gave it to itself. */
  byName(directory: string | undefined, name: Name): AccountId | undefined {
    const key = `${directory ?? SELF_NAMED} ${name}`
    let account = this.#names.get(key)
    if (account === undefined) {
      const { contacts } = this.#deps.store
      const vouched = directory === undefined ? undefined : contacts.byName(directory, name)
      account = (vouched ?? contacts.byName(SELF_NAMED, name))?.account
      if (account !== undefined) this.#names.set(key, account)
    }
    return account
  }

  /** What to call the account, and whether a directory vouches for that. */
  label(account: AccountId): Label {
    let label = this.#labels.get(account)
    if (label === undefined) {
      label = this.#readLabel(account)
      this.#labels.set(account, label)
    }
    return label
  }

  #readLabel(account: AccountId): Label {
    const [first] = this.#deps.store.contacts.namesOf(account)
    if (first !== undefined) return { name: first.name, isVerified: first.directory !== SELF_NAMED }
    const displayName = this.get(account)?.displayName ?? 'unknown'
    return { name: `${displayName}~${account.slice(0, 6)}`, isVerified: false }
  }

  #standing(account: AccountId, key: AccountKey, keys: readonly AccountKey[]): KeyStanding {
    const pinned = this.get(account)?.accountKey
    if (pinned === undefined || pinned === key) return 'same'
    // The chain holds the keys in order: the pinned one in it signed, directly or not, for the one in force.
    return keys.includes(pinned) ? 'rotated' : 'changed'
  }

  /** Inside a transaction. */
  #followRotation(account: AccountId, key: AccountKey): void {
    const { store, now } = this.#deps
    store.contacts.setKey(account, key)
    store.events.insert({ kind: 'key-rotated', at: now(), account, detail: key })
  }

  /** Inside a transaction. The name stands for the pinned account again, and only to its keys was ever anything sent. */
  #restore(account: AccountId, at: number): boolean {
    const { store } = this.#deps
    if (store.contacts.get(account)?.offeredAs !== 'other-account') return false
    store.contacts.withdrawOffer(account)
    store.deliveries.setHold(account, null)
    store.events.insert({ kind: 'key-restored', at, account })
    return true
  }

  /** Inside a transaction. */
  #addDevice(certificate: DeviceCertificate, jws: Jws, at: number): void {
    const { deviceKey: device, accountId: account, signalIdentity } = certificate
    this.#deps.store.devices.upsert({ device, account, certificate: jws, signalIdentity }, at)
  }

  async #offer(account: AccountId, key: AccountKey, as: OfferedAs): Promise<void> {
    const { store, now } = this.#deps
    if (this.get(account)?.offeredKey === key) return
    await store.commits.run(() => {
      store.contacts.offerKey(account, key, as)
      store.deliveries.setHold(account, 'blocked-key-change')
      store.events.insert({ kind: 'key-changed', at: now(), account, detail: key })
    })
    this.changed(account)
    this.#deps.onHold(account)
  }
}

/** Stands in the place of a directory's audience for names that people gave themselves. */
const SELF_NAMED = ''

/** The proven keys of the account, or undefined when nothing shows that this key speaks for it. */
async function keysOf(
  account: AccountId,
  key: AccountKey,
  rotations: readonly Jws[],
): Promise<readonly AccountKey[] | undefined> {
  if (rotations.length === 0 && accountIdOf(key) !== account) return undefined
  try {
    return await verifyRotations(account, key, rotations)
  } catch (error) {
    if (error instanceof SignedObjectError) return undefined
    throw error
  }
}
