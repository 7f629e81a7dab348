// Who is writing just now. Said in a frame of its own over the session that is there anyway: it has no position, is never stored or
// repeated, and nobody is dialled for it.
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import { TYPING_HEARD_MS, TYPING_SHOWN_MS, TYPING_TOLD_MS } from '@parley/shared/limits.ts'
import type { TypingNews } from '@parley/shared/local-api/conversations.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { Feed } from './feed.ts'

export interface TypingDeps {
  readonly store: Pick<Store, 'meta' | 'commits' | 'devices'>
  readonly contacts: Pick<Contacts, 'get' | 'isShunned' | 'label'>
  readonly me: { readonly account: AccountId }
  /** False when there is no session to the device, or it is busy. */
  readonly tellTyping: (device: DeviceKey, conversation: ConversationId) => boolean
  readonly now: () => number
}

const KEY = 'typing'

export class Typing {
  /** Somebody writes to me. */
  readonly news = new Feed<TypingNews>()
  readonly #deps: TypingDeps
  /** When an account was told last, and heard last: of contacts only, so there are no more than those. */
  readonly #toldAt = new Map<AccountId, number>()
  readonly #heardAt = new Map<AccountId, number>()

  constructor(deps: TypingDeps) {
    this.#deps = deps
  }

  get isOn(): boolean {
    return this.#deps.store.meta.get(KEY) !== 'off'
  }

  async turn(state: 'on' | 'off'): Promise<void> {
    const { store } = this.#deps
    await store.commits.run(() => store.meta.set(KEY, state))
  }

  /** I am writing to somebody. True when a device of a contact was told; it is told no more often than it needs to know. */
  tell(account: AccountId): boolean {
    const { store, me, tellTyping, now } = this.#deps
    if (!this.#mayKnow(account) || !isDue(this.#toldAt, account, TYPING_TOLD_MS, now())) return false
    const conversation = directConversationId(account, me.account)
    const told = store.devices
      .ofAccount(account)
      .filter(({ state, device }) => state !== 'revoked' && tellTyping(device, conversation))
    if (told.length > 0) this.#toldAt.set(account, now())
    return told.length > 0
  }

  /** A device of the account says that its owner writes. What is too much of it, or about another conversation, says nothing. */
  heard(account: AccountId, conversation: ConversationId): void {
    const { contacts, me, now } = this.#deps
    if (!this.#mayKnow(account) || conversation !== directConversationId(account, me.account)) return
    if (!isDue(this.#heardAt, account, TYPING_HEARD_MS, now())) return
    this.#heardAt.set(account, now())
    this.news.publish({ account, name: contacts.label(account).name, until: now() + TYPING_SHOWN_MS })
  }

  /** Only contacts, and only those whose key is the known one. */
  #mayKnow(account: AccountId): boolean {
    const { contacts } = this.#deps
    const contact = contacts.get(account)
    return this.isOn && contact?.state === 'accepted' && contact.offeredKey === null && !contacts.isShunned(account)
  }
}

/** A clock that was set back makes nobody wait. */
function isDue(last: ReadonlyMap<AccountId, number>, account: AccountId, everyMs: number, at: number): boolean {
  const before = last.get(account)
  return before === undefined || Math.abs(at - before) >= everyMs
}
