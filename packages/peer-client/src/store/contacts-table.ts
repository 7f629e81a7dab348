import type { AccountId, AccountKey, Name } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export type ContactState = 'stranger' | 'requested' | 'accepted' | 'blocked'

export type OfferedAs = 'other-account' | 'other-chain'

export interface ContactRow {
  readonly account: AccountId
  readonly state: ContactState
  /** Pinned on first use. */
  readonly accountKey: AccountKey
  /** A key that somebody presented for this contact without the pinned key's signature. */
  readonly offeredKey: AccountKey | null
  /** The name stands for another account now, or the account shows another chain of keys than the one that was followed. */
  readonly offeredAs: OfferedAs | null
  /** Whose key it is. */
  readonly offeredAccount: AccountId | null
  /** The user said that this other account is the same person. */
  readonly replacedBy: AccountId | null
  readonly displayName: string
  /** What the user calls the contact. */
  readonly nickname: string | null
  readonly addedAt: number
  /** The key whose safety number the user compared; an earlier one when it was rotated since. */
  readonly verifiedKey: AccountKey | null
  readonly verifiedAt: number | null
}

export interface ContactName {
  /** Audience of the directory that vouches for it, '' when only the contact says so. */
  readonly directory: string
  readonly name: Name
  readonly account: AccountId
  /** 0, or 1 when the account has another name there now. The name still means this account to me. */
  readonly givenUp: number
  /** Of the newest record under this name that was taken in; 0 when there was none. */
  readonly recordSeq: number
}

const COLUMNS = `account, state, account_key AS accountKey, offered_key AS offeredKey, offered_as AS offeredAs,
  offered_account AS offeredAccount, replaced_by AS replacedBy,
  display_name AS displayName, nickname, added_at AS addedAt, verified_key AS verifiedKey, verified_at AS verifiedAt`

const NAME_COLUMNS = 'directory, name, account, given_up AS givenUp, record_seq AS recordSeq'

/** The people I know, and what they are called where. */
export class ContactsTable {
  readonly #insert: Statement<[AccountId, ContactState, AccountKey, string, number]>
  readonly #get: Statement<[AccountId], ContactRow>
  readonly #all: Statement<[], ContactRow>
  readonly #setState: Statement<[ContactState, AccountId]>
  readonly #setKey: Statement<[AccountKey, AccountId]>
  readonly #offerKey: Statement<[AccountKey | null, OfferedAs | null, AccountId | null, AccountId]>
  readonly #replace: Statement<[AccountId, AccountId]>
  readonly #setVerified: Statement<[AccountKey | null, number | null, AccountId]>
  readonly #setDisplayName: Statement<[string, AccountId]>
  readonly #setNickname: Statement<[string | null, AccountId]>
  readonly #insertName: Statement<[string, Name, AccountId, number]>
  readonly #byName: Statement<[string, Name], ContactName>
  readonly #namesOf: Statement<[AccountId], ContactName>
  readonly #moveName: Statement<[AccountId, string, Name]>
  readonly #setRecordSeq: Statement<[number, string, Name]>
  readonly #setGivenUp: Statement<[number, string, Name, AccountId]>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO contacts (account, state, account_key, display_name, added_at) VALUES (?, ?, ?, ?, ?)',
    )
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM contacts WHERE account = ?`)
    this.#all = database.prepare(`SELECT ${COLUMNS} FROM contacts ORDER BY added_at, account`)
    this.#setState = database.prepare('UPDATE contacts SET state = ? WHERE account = ?')
    this.#setKey = database.prepare(
      'UPDATE contacts SET account_key = ?, offered_key = NULL, offered_as = NULL, offered_account = NULL WHERE account = ?',
    )
    this.#offerKey = database.prepare(
      'UPDATE contacts SET offered_key = ?, offered_as = ?, offered_account = ? WHERE account = ?',
    )
    this.#replace = database.prepare('UPDATE contacts SET replaced_by = ? WHERE account = ?')
    this.#setVerified = database.prepare('UPDATE contacts SET verified_key = ?, verified_at = ? WHERE account = ?')
    this.#setDisplayName = database.prepare('UPDATE contacts SET display_name = ? WHERE account = ?')
    this.#setNickname = database.prepare('UPDATE contacts SET nickname = ? WHERE account = ?')
    this.#insertName = database.prepare(
      'INSERT OR IGNORE INTO contact_names (directory, name, account, seen_at) VALUES (?, ?, ?, ?)',
    )
    this.#byName = database.prepare(`SELECT ${NAME_COLUMNS} FROM contact_names WHERE directory = ? AND name = ?`)
    this.#namesOf = database.prepare(
      `SELECT ${NAME_COLUMNS} FROM contact_names
       WHERE account = ? ORDER BY directory = '', given_up, seen_at`,
    )
    this.#moveName = database.prepare(
      'UPDATE contact_names SET account = ?, given_up = 0, record_seq = 0 WHERE directory = ? AND name = ?',
    )
    this.#setRecordSeq = database.prepare('UPDATE contact_names SET record_seq = ? WHERE directory = ? AND name = ?')
    this.#setGivenUp = database.prepare(
      'UPDATE contact_names SET given_up = ? WHERE directory = ? AND name = ? AND account = ?',
    )
  }

  /** Pins the key. Does nothing for an account that is known. */
  insert(contact: {
    account: AccountId
    state: ContactState
    accountKey: AccountKey
    displayName: string
    addedAt: number
  }): void {
    this.#insert.run(contact.account, contact.state, contact.accountKey, contact.displayName, contact.addedAt)
  }

  get(account: AccountId): ContactRow | undefined {
    return this.#get.get(account)
  }

  all(): ContactRow[] {
    return this.#all.all()
  }

  setState(account: AccountId, state: ContactState): void {
    this.#setState.run(state, account)
  }

  /** A rotation that the pinned key signed, or the user's own choice. */
  setKey(account: AccountId, key: AccountKey): void {
    this.#setKey.run(key, account)
  }

  offerKey(account: AccountId, offer: { key: AccountKey; as: OfferedAs; account: AccountId }): void {
    this.#offerKey.run(offer.key, offer.as, offer.account, account)
  }

  withdrawOffer(account: AccountId): void {
    this.#offerKey.run(null, null, null, account)
  }

  /** What waits for the account goes to the other one from now on. */
  setReplacedBy(account: AccountId, other: AccountId): void {
    this.#replace.run(other, account)
  }

  /** The user compared the safety number of this key, or takes that back. */
  setVerified(account: AccountId, verified: { readonly key: AccountKey; readonly at: number } | undefined): void {
    this.#setVerified.run(verified?.key ?? null, verified?.at ?? null, account)
  }

  setDisplayName(account: AccountId, displayName: string): void {
    this.#setDisplayName.run(displayName, account)
  }

  setNickname(account: AccountId, nickname: string | null): void {
    this.#setNickname.run(nickname, account)
  }

  /** The first to hold a name keeps it: a second claim on it changes nothing here. */
  addName(directory: string, name: Name, account: AccountId, at: number): void {
    this.#insertName.run(directory, name, account, at)
  }

  byName(directory: string, name: Name): ContactName | undefined {
    return this.#byName.get(directory, name)
  }

  /** The user said that the name means this account from now on. */
  moveName(directory: string, name: Name, account: AccountId): void {
    this.#moveName.run(account, directory, name)
  }

  setRecordSeq(directory: string, name: Name, seq: number): void {
    this.#setRecordSeq.run(seq, directory, name)
  }

  setGivenUp(directory: string, name: Name, account: AccountId, isGivenUp: boolean): void {
    this.#setGivenUp.run(isGivenUp ? 1 : 0, directory, name, account)
  }

  /** The one a directory vouches for first, those that were given up last. */
  namesOf(account: AccountId): ContactName[] {
    return this.#namesOf.all(account)
  }
}
