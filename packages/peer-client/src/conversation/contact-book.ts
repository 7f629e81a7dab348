// The contacts as the user keeps them: who is one, what they are called here, and who is blocked.
import type { AccountId } from '@parley/shared/ids.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ContactRow } from '#store/contacts-table.ts'
import type { Store } from '#store/store.ts'
import { type Contacts, foldNickname } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import { Feed } from './feed.ts'
import type { People } from './people.ts'
import type { Reachability } from './reachability.ts'

interface ContactBookDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly people: Pick<People, 'resolve'>
  readonly reachability: Pick<Reachability, 'shun' | 'poke'>
}

export class ContactBook {
  /** A contact is new, called something else, blocked, or not any more. */
  readonly changes = new Feed<Contact>()
  readonly #deps: ContactBookDeps

  constructor(deps: ContactBookDeps) {
    this.#deps = deps
  }

  /** By name; without those who came and exchanged no message. */
  list(): Contact[] {
    return this.#deps.store.contacts
      .all()
      .filter(({ state }) => state !== 'stranger')
      .map((row) => this.#contact(row))
      .toSorted((a, b) => a.name.localeCompare(b.name))
  }

  /** Rejects with ConversationError `unknown-name`, or `self`. */
  async find(who: string, signal?: AbortSignal): Promise<Contact> {
    return this.#contact(await this.#row(who, signal))
  }

  /** Asks the directory for whoever is not known yet. Rejects as `find` and `setNickname`. */
  async add(who: string, nickname: string | undefined, signal?: AbortSignal): Promise<Contact> {
    const { account } = await this.#row(who, signal)
    if (nickname !== undefined) await this.setNickname(account, nickname, signal)
    await this.#deps.contacts.accept(account)
    return this.#told(account)
  }

  /** Null takes it away. Rejects with `name-taken` when somebody else is called so here. */
  async setNickname(who: string, nickname: string | null, signal?: AbortSignal): Promise<Contact> {
    const { store, contacts } = this.#deps
    const { account } = await this.#row(who, signal)
    if (nickname !== null) this.#refuseTaken(account, nickname)
    await store.commits.run(() => store.contacts.setNickname(account, nickname))
    contacts.changed(account)
    return this.#told(account)
  }

  /**
   * From now on nothing of the account is taken and nothing is sent to it; sessions with it end. What was said stays. The other side
   * learns no more than that this peer declines.
   */
  async block(who: string, signal?: AbortSignal): Promise<Contact> {
    const { account } = await this.#row(who, signal)
    await this.#setState(account, 'blocked')
    this.#deps.reachability.shun(account)
    return this.#told(account)
  }

  /** What waits for the account goes out. */
  async unblock(who: string, signal?: AbortSignal): Promise<Contact> {
    const { account, state } = await this.#row(who, signal)
    if (state === 'blocked') {
      await this.#setState(account, 'accepted')
      this.#deps.reachability.poke(account)
    }
    return this.#told(account)
  }

  async #setState(account: AccountId, state: ContactRow['state']): Promise<void> {
    const { store, contacts } = this.#deps
    await store.commits.run(() => store.contacts.setState(account, state))
    contacts.changed(account)
  }

  #refuseTaken(account: AccountId, nickname: string): void {
    const { store, contacts } = this.#deps
    const wanted = foldNickname(nickname)
    const other = store.contacts.all().find((row) => {
      if (row.account === account) return false
      const names = store.contacts.namesOf(row.account).map(({ name }) => name)
      return [row.nickname ?? '', ...names].some((name) => foldNickname(name) === wanted)
    })
    if (other === undefined) return
    const { name } = contacts.publicLabel(other.account)
    throw new ConversationError(
      'name-taken',
      `somebody else is called ${nickname} here (${name}): choose another nickname`,
    )
  }

  async #row(who: string, signal: AbortSignal | undefined): Promise<ContactRow> {
    const row = this.#deps.contacts.get(await this.#deps.people.resolve(who, signal))
    if (row === undefined) throw new ConversationError('self', 'this is you: only others are contacts')
    return row
  }

  #told(account: AccountId): Contact {
    const row = this.#deps.contacts.get(account)
    if (row === undefined) throw new Error(`there is no contact ${account}`)
    const contact = this.#contact(row)
    this.changes.publish(contact)
    return contact
  }

  #contact({ account, nickname, displayName, state, offeredKey, addedAt }: ContactRow): Contact {
    const { contacts } = this.#deps
    const { name, isVerified } = contacts.label(account)
    return {
      account,
      name,
      isNameVerified: isVerified,
      ...(nickname === null ? {} : { nickname }),
      publicName: contacts.publicLabel(account).name,
      displayName,
      state,
      verification: contacts.verification(account),
      isKeyChanged: offeredKey !== null,
      addedAt,
    }
  }
}
