// All conversations at a glance, and how far the user has read each.
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_UNREAD_COUNTED } from '@parley/shared/limits.ts'
import type { ConversationInfo, UnreadCount } from '@parley/shared/local-api/conversations.ts'
import type { Traffic } from '@parley/shared/local-api/peers.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { OutboxQuota } from '#delivery/outbox-quota.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { Contacts } from './contacts.ts'
import { Feed } from './feed.ts'
import type { MessageViews } from './message-views.ts'
import type { Reachability } from './reachability.ts'

interface OverviewDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly views: MessageViews
  readonly reachability: Pick<Reachability, 'isConnected' | 'presenceOf'>
  readonly quota: OutboxQuota
  readonly me: AccountId
  readonly traffic: { history(): Traffic }
}

const POSITIONS_PER_READ = 16

export class Overview {
  /** Somebody read on. */
  readonly changes = new Feed<UnreadCount>()
  readonly #deps: OverviewDeps

  /** What went over the network in the last minutes. */
  traffic(): Traffic {
    return this.#deps.traffic.history()
  }

  constructor(deps: OverviewDeps) {
    this.#deps = deps
  }

  /** The one with the newest message first, those without any last, by name. */
  list(): ConversationInfo[] {
    return this.#deps.store.contacts
      .all()
      .filter(({ state }) => state === 'accepted')
      .map(({ account }) => this.#info(account))
      .sort((a, b) => (b.last?.storedAt ?? 0) - (a.last?.storedAt ?? 0) || a.name.localeCompare(b.name))
  }

  /** Somebody read on: whoever shows what is unread is told. */
  readOn(account: AccountId): void {
    this.changes.publish({ account, unread: this.#unread(account) })
  }

  /** How many texts nobody here has read, in all conversations. */
  unread(): number {
    return this.#deps.store.contacts
      .all()
      .reduce((sum, { account, state }) => sum + (state === 'accepted' ? this.#unread(account) : 0), 0)
  }

  #info(account: AccountId): ConversationInfo {
    const { contacts, views, reachability, quota, me } = this.#deps
    const { name, isVerified } = contacts.label(account)
    const [last] = views.page(directConversationId(account, me), 1)
    return {
      account,
      name,
      isNameVerified: isVerified,
      ...(last === undefined ? {} : { last }),
      unread: this.#unread(account),
      waiting: quota.load(account).messages,
      isConnected: reachability.isConnected(account),
      presence: reachability.presenceOf(account).status,
      isKeyChanged: contacts.get(account)?.offeredKey != null,
      verification: contacts.verification(account),
    }
  }

  #unread(account: AccountId): number {
    const { store, me } = this.#deps
    let unread = 0
    for (const stream of store.streams.ofConversation(directConversationId(account, me))) {
      if (this.#isTheirs(stream)) unread += this.#unreadIn(stream, MAX_UNREAD_COUNTED - unread)
    }
    return unread
  }

  #unreadIn({ id, base, upTo }: StreamRow, most: number): number {
    const { store, me } = this.#deps
    let unread = 0
    let next = Math.max(base, store.readMarks.upTo(id, me) + 1)
    while (next <= upTo && unread < most) {
      next = (store.quiet.at(id, next)?.to ?? next - 1) + 1
      const rows = store.messages.positions(id, next, upTo, POSITIONS_PER_READ)
      next = upTo + 1
      for (const { seq, bytes } of rows) {
        next = seq + 1
        // Behind one that is none there may be many.
        if (decodeStoredMessage(bytes).kind !== TEXT_KIND) break
        unread += 1
      }
    }
    return Math.min(unread, most)
  }

  #isTheirs(stream: StreamRow): boolean {
    const { views, me } = this.#deps
    return views.authorOf(stream) !== me
  }
}
