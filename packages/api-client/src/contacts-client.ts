import { Contact, ContactList } from '@parley/shared/local-api/contacts.ts'
import type { Cancellable } from './call-options.ts'
import type { Exchange } from './exchange.ts'
import { contactPath } from './requests.ts'

const CONTACTS = '/api/v1/contacts'

/** The contacts as the user keeps them. Every method rejects with ApiError, or with the reason of its signal. */
export class ContactsClient {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** By name; without those who came and exchanged no message. */
  async list({ signal }: Cancellable = {}): Promise<Contact[]> {
    return (await this.#exchange.one({ method: 'GET', path: CONTACTS, signal }, ContactList)).contacts
  }

  find(who: string, { signal }: Cancellable = {}): Promise<Contact> {
    return this.#exchange.one({ method: 'GET', path: contactPath(who), signal }, Contact)
  }

  /** Asks the directory for whoever is not known yet. Rejects with `unknown-name`, or `name-taken` for the nickname. */
  add(who: string, { nickname, signal }: Cancellable & { nickname?: string | undefined } = {}): Promise<Contact> {
    return this.#exchange.one({ method: 'POST', path: CONTACTS, body: { who, nickname }, signal }, Contact)
  }

  /** Null takes it away. Rejects with `name-taken` when somebody else is called so here. */
  setNickname(who: string, nickname: string | null, { signal }: Cancellable = {}): Promise<Contact> {
    return this.#exchange.one({ method: 'PATCH', path: contactPath(who), body: { nickname }, signal }, Contact)
  }

  /** Nothing comes from there and nothing goes there until `unblock`. */
  block(who: string, { signal }: Cancellable = {}): Promise<Contact> {
    return this.#exchange.one({ method: 'POST', path: contactPath(who, 'block'), signal }, Contact)
  }

  unblock(who: string, { signal }: Cancellable = {}): Promise<Contact> {
    return this.#exchange.one({ method: 'POST', path: contactPath(who, 'unblock'), signal }, Contact)
  }
}
