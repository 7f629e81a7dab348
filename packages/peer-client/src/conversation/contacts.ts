// The people I know: what they are called, and whether anything may be sent to them now.
import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import type { Verification } from '@parley/shared/local-api/trust.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import type { ContactRow } from '#store/contacts-table.ts'
import type { Store } from '#store/store.ts'
import type { Admission } from './admission.ts'
import { type Adopted, Introductions, type Myself, type Newcomer, SELF_NAMED } from './introductions.ts'
import { KeyChanges } from './key-changes.ts'
import type { KeyNews } from './key-news.ts'

export interface ContactsDeps {
  readonly store: Store
  readonly me: () => Myself
  readonly now: () => number
  /** By account id or device key: the owner does not want to hear from it, nor to be heard. */
  readonly isBlacklisted: (identity: AccountId | DeviceKey) => boolean
  /** Something about the contact changed that others may want to show or act on. */
  readonly onChange: (account: AccountId) => void
  /** What waits for the account is held from now on, or no longer. */
  readonly onHold: (account: AccountId) => void
  readonly onNews: (news: KeyNews) => void
}

interface Label {
  readonly name: string
  /** A directory vouches for the name, or the user gave it. */
  readonly isVerified: boolean
}

export class Contacts {
  readonly keyChanges: KeyChanges
  readonly introductions: Introductions
  readonly #deps: ContactsDeps
  readonly #rows = new Map<AccountId, ContactRow>()
  readonly #labels = new Map<AccountId, Label>()
  readonly #names = new Map<string, AccountId>()
  #nicknames: Map<string, AccountId> | undefined

  constructor(deps: ContactsDeps) {
    this.#deps = deps
    const onChanged = (account: AccountId) => this.changed(account)
    this.keyChanges = new KeyChanges({ ...deps, onChanged })
    this.introductions = new Introductions({ ...deps, keyChanges: this.keyChanges, onChanged })
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
    this.#nicknames = undefined
    this.#deps.onChange(account)
  }

  /** The user blocked the account, or put it on the blacklist: whatever waits for it stays here. */
  isShunned(account: AccountId): boolean {
    return this.get(account)?.state === 'blocked' || this.#deps.isBlacklisted(account)
  }

  /** Nothing is sealed for strangers, the blocked, or anybody whose key changed. My own devices are always served. */
  mayServe(account: AccountId): boolean {
    if (account === this.#deps.me().account) return true
    const contact = this.get(account)
    return contact?.state === 'accepted' && contact.offeredKey === null && !this.isShunned(account)
  }

  /** Takes in what a directory serves under a name: see Introductions. */
  adopt(directory: string, user: VerifiedUser, movedFrom?: readonly Name[]): Promise<Adopted> {
    return this.introductions.adopt(directory, user, movedFrom)
  }

  /** Whether a device that wants a session is let in: see Introductions. */
  admit(newcomer: Newcomer): Promise<Admission> {
    return this.introductions.admit(newcomer)
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

  /** Whom the user calls so. */
  byNickname(text: string): AccountId | undefined {
    this.#nicknames ??= new Map(
      this.#deps.store.contacts
        .all()
        .flatMap(({ account, nickname }) => (nickname === null ? [] : [[foldNickname(nickname), account] as const])),
    )
    return this.#nicknames.size === 0 ? undefined : this.#nicknames.get(foldNickname(text))
  }

  /** What to call the account, and whether a directory vouches for that, or the user says so. */
  label(account: AccountId): Label {
    let label = this.#labels.get(account)
    if (label === undefined) {
      const nickname = this.get(account)?.nickname ?? undefined
      label = nickname === undefined ? this.publicLabel(account) : { name: nickname, isVerified: true }
      this.#labels.set(account, label)
    }
    return label
  }

  /** What others call the account. */
  publicLabel(account: AccountId): Label {
    const [first] = this.#deps.store.contacts.namesOf(account)
    if (first !== undefined) return { name: first.name, isVerified: first.directory !== SELF_NAMED }
    const displayName = this.get(account)?.displayName ?? 'unknown'
    return { name: `${displayName}~${account.slice(0, 6)}`, isVerified: false }
  }
}

/** Nicknames that people would take for the same. */
export function foldNickname(text: string): string {
  return text.trim().normalize('NFC').toLowerCase()
}
