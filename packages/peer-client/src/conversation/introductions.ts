// How accounts and their devices become known: from what a directory serves, and from who stands at the door. Accounts are pinned on
// first use, a rotation is followed when a known key signed it, and any other change holds everything until the user decides.
import type { AccountId, AccountKey, DeviceKey, Name } from '@parley/shared/ids.ts'
import { MAX_KNOWN_DEVICES, MAX_STRANGERS } from '@parley/shared/limits.ts'
import type { VerifiedAccount } from '@parley/shared/signed/account-record.ts'
import type { DeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import type { ContactRow } from '#store/contacts-table.ts'
import type { Store } from '#store/store.ts'
import type { Admission } from './admission.ts'
import type { KeyChanges } from './key-changes.ts'
import type { KeyNews } from './key-news.ts'
import { keyStanding, provenKeys } from './key-standing.ts'

/** A device that proved its key, and what it said of itself. */
export interface Newcomer {
  readonly device: DeviceKey
  readonly certificate: DeviceCertificate
  readonly hello: { readonly deviceCertificate: Jws; readonly rotations: readonly Jws[]; readonly name: Name }
}

/** `isKeyChanged`: the name is another account's now, or the account shows a key that nothing known signed for. */
export interface Adopted {
  readonly account: AccountId
  readonly isKeyChanged: boolean
}

/** The account of this profile. */
export interface Myself {
  readonly account: AccountId
  readonly accountKey: AccountKey
  /** Earlier ones, which signed over to it. */
  readonly formerKeys: ReadonlySet<AccountKey>
}

export interface IntroductionsDeps {
  readonly store: Store
  readonly keyChanges: KeyChanges
  readonly me: () => Myself
  readonly now: () => number
  readonly isBlacklisted: (identity: AccountId | DeviceKey) => boolean
  /** A transaction wrote to the contact. */
  readonly onChanged: (account: AccountId) => void
  readonly onHold: (account: AccountId) => void
  readonly onNews: (news: KeyNews) => void
}

/** Stands in the place of a directory's audience for names that people gave themselves. */
export const SELF_NAMED = ''

export class Introductions {
  readonly #deps: IntroductionsDeps

  constructor(deps: IntroductionsDeps) {
    this.#deps = deps
  }

  /**
   * Takes in what a directory serves under a name, and returns the account that the name stands for here. When the name was
   * pinned to another account, or the account's key changed without the old key's signature, the contact is held instead.
   * Under `movedFrom` the account was known before. A name that my contact gave up goes on to mean that contact to me.
   */
  async adopt(directory: string, user: VerifiedUser, movedFrom: readonly Name[] = []): Promise<Adopted> {
    const { store, keyChanges } = this.#deps
    const { record, keys } = user.account
    const { accountId: account, accountKey } = record
    const pinned = store.contacts.byName(directory, record.name)
    const names = [pinned, ...movedFrom.map((name) => store.contacts.byName(directory, name))]
    const other = names.find((one) => one !== undefined && one.account !== account)
    if (other !== undefined && (other !== pinned || other.givenUp === 1)) {
      return { account: other.account, isKeyChanged: false }
    }
    if (pinned !== undefined && pinned.account !== account) {
      if (store.contactKeys.of(pinned.account, 'refused').has(accountKey))
        return { account: pinned.account, isKeyChanged: false }
      await keyChanges.offer(pinned.account, { key: accountKey, as: 'other-account', account })
      return { account: pinned.account, isKeyChanged: true }
    }
    const contact = store.contacts.get(account)
    const standing = contact === undefined ? 'same' : keyStanding(keyChanges.known(contact), accountKey, keys)
    if (standing === 'changed') {
      await keyChanges.offer(account, { key: accountKey, as: 'other-chain', account })
      return { account, isKeyChanged: true }
    }
    // A genuine record, but not the newest: a directory from an old disk serves such, or one that withholds what came after.
    const isStale = standing === 'outdated' || (standing === 'same' && record.seq < (pinned?.recordSeq ?? 0))
    const isRestored = await store.commits.run(() => {
      if (standing === 'rotated' && contact !== undefined) keyChanges.follow(contact, keys, accountKey)
      if (!isStale && standing !== 'refused') this.#takeIn(directory, user.account, movedFrom)
      return pinned?.account === account && keyChanges.restore(account, this.#deps.now())
    })
    this.#deps.onChanged(account)
    if (standing === 'rotated') this.#deps.onNews({ kind: 'key-rotated', account })
    if (isRestored) {
      this.#deps.onHold(account)
      this.#deps.onNews({ kind: 'key-restored', account })
    }
    return { account, isKeyChanged: store.contacts.get(account)?.offeredKey != null }
  }

  /** Inside a transaction: the user says that the account which has the contact's name now is the same person. */
  takeSuccessor(account: AccountId, directory: string, successor: VerifiedAccount): void {
    this.#deps.keyChanges.acceptAccount(account, successor, directory, this.#deps.now())
    this.#takeIn(directory, successor, [])
  }

  /** Whether a device that wants a session is let in; makes sure that it and its account are known before its first frame. */
  async admit(newcomer: Newcomer): Promise<Admission> {
    const { store, now, isBlacklisted, keyChanges } = this.#deps
    const me = this.#deps.me()
    const { certificate, hello, device } = newcomer
    const { accountId: account, accountKey } = certificate
    if (isBlacklisted(account) || isBlacklisted(device)) return 'blocked'
    const contact = store.contacts.get(account)
    const known = account === me.account ? mine(me) : contact && keyChanges.known(contact)
    const isAside = known !== undefined && keyChanges.isAside(device, known) && accountKey === known.inForce
    if (store.devices.get(device)?.state === 'revoked' && !isAside) return 'revoked'
    if (contact?.state === 'blocked') return 'blocked'
    const keys = await provenKeys(account, accountKey, hello.rotations, known)
    const standing = known === undefined ? undefined : keyStanding(known, accountKey, keys)
    switch (standing) {
      case undefined:
        if (keys === undefined) return 'unproven'
        break
      case 'unproven':
        return 'unproven'
      case 'outdated':
        // The key that signed over may not add devices any more; those that it added before go on.
        if (!this.#isKnown(certificate)) return 'key-changed'
        await store.commits.run(() => store.devices.setSeen(device, now()))
        return 'admitted'
      case 'refused':
        return 'key-changed'
      case 'changed':
        if (account === me.account) return 'unproven'
        // Only somebody who holds a key that this account once had comes this far: more than a forger.
        await keyChanges.offer(account, { key: accountKey, as: 'other-chain', account })
        return 'key-changed'
      case 'rotated':
      case 'same':
        if (account !== me.account && !this.#hasRoomFor(certificate)) return 'too-many-devices'
        break
    }
    const forgotten = await store.commits.run(() => {
      const at = now()
      const isNew = account !== me.account && store.contacts.get(account) === undefined
      // However many come, the last ones get in: whoever writes while he is here is a contact from then on.
      const forgotten = isNew && store.strangers.count() >= MAX_STRANGERS ? store.forgetStranger() : undefined
      if (account !== me.account) this.#meet(newcomer, contact, standing === 'rotated', keys)
      this.#addDevice(certificate, hello.deviceCertificate, at)
      store.devices.setSeen(device, at)
      return forgotten
    })
    if (forgotten !== undefined) this.#deps.onChanged(forgotten)
    this.#deps.onChanged(account)
    if (standing === 'rotated') this.#deps.onNews({ kind: 'key-rotated', account })
    return 'admitted'
  }

  /** Inside a transaction. */
  #meet(
    { certificate, hello }: Newcomer,
    contact: ContactRow | undefined,
    isRotated: boolean,
    keys: readonly AccountKey[] | undefined,
  ): void {
    const { store, keyChanges, now } = this.#deps
    const { accountId: account, accountKey } = certificate
    const addedAt = now()
    store.contacts.insert({ account, state: 'stranger', accountKey, displayName: hello.name, addedAt })
    if (isRotated && contact !== undefined) keyChanges.follow(contact, keys ?? [], accountKey)
    else keyChanges.remember(account, keys ?? [])
    if (store.contacts.namesOf(account).length === 0) store.contacts.addName(SELF_NAMED, hello.name, account, addedAt)
  }

  /** Inside a transaction. */
  #takeIn(directory: string, { record, keys, devices }: VerifiedAccount, movedFrom: readonly Name[]): void {
    const { store, keyChanges, now } = this.#deps
    const { accountId: account, accountKey, displayName, name } = record
    const at = now()
    store.contacts.insert({ account, state: 'stranger', accountKey, displayName, addedAt: at })
    keyChanges.remember(account, keys)
    store.contacts.setDisplayName(account, displayName)
    store.contacts.addName(directory, name, account, at)
    store.contacts.setGivenUp(directory, name, account, false)
    store.contacts.setRecordSeq(directory, name, record.seq)
    for (const former of movedFrom) {
      store.contacts.addName(directory, former, account, at)
      store.contacts.setGivenUp(directory, former, account, true)
    }
    for (const device of record.revoked)
      if (store.devices.get(device)?.account === account) store.devices.setState(device, 'revoked')
    for (const device of devices) if (this.#hasRoomFor(device)) this.#addDevice(device, device.jws, at)
  }

  /** Inside a transaction. */
  #addDevice(certificate: DeviceCertificate, jws: Jws, at: number): void {
    const { store, keyChanges } = this.#deps
    const { deviceKey: device, accountId: account, signalIdentity } = certificate
    const contact = store.contacts.get(account)
    const isBack = contact !== undefined && keyChanges.isAside(device, keyChanges.known(contact))
    store.devices.upsert({ device, account, certificate: jws, signalIdentity }, at)
    if (isBack) store.devices.setState(device, 'active')
  }

  /** It is known, or the account has not shown too many. */
  #hasRoomFor({ deviceKey, accountId }: DeviceCertificate): boolean {
    const { devices } = this.#deps.store
    if (devices.get(deviceKey) !== undefined) return true
    return devices.ofAccount(accountId).filter(({ state }) => state !== 'revoked').length < MAX_KNOWN_DEVICES
  }

  #isKnown({ deviceKey, accountId, signalIdentity }: DeviceCertificate): boolean {
    const row = this.#deps.store.devices.get(deviceKey)
    return row?.account === accountId && row.signalIdentity === signalIdentity && row.state !== 'revoked'
  }
}

function mine({ accountKey, formerKeys }: Myself) {
  return { inForce: accountKey, former: formerKeys, refused: new Set<AccountKey>() }
}
