// What a new message of mine can say that I had seen: the newest of others, as far as no message of mine has said it before. The chain
// of my own messages carries it on, so a conversation in which only I speak pays nothing.
import { messageIdOf } from '@parley/shared/hashes.ts'
import type { ConversationId, DeviceKey, MessageId } from '@parley/shared/ids.ts'
import { MAX_PARENTS } from '@parley/shared/limits.ts'
import type { Store } from '#store/store.ts'

/** So far each stream of others was named. */
type Named = ReadonlyMap<number, number>

export interface Parents {
  readonly ids: readonly MessageId[]
  /** A message that names them is durable. */
  readonly said: () => void
}

const NONE: Parents = { ids: [], said: () => undefined }

export class Heard {
  readonly #store: Store
  readonly #me: DeviceKey
  readonly #named = new Map<number, number>()
  /** In which nothing came since all was named. */
  readonly #quiet = new Set<ConversationId>()

  constructor(store: Store, me: DeviceKey) {
    this.#store = store
    this.#me = me
  }

  /** Something of somebody else took its place. */
  received(stream: number): void {
    if (this.#quiet.size > 0) this.#quiet.delete(this.#store.streams.conversationOf(stream))
  }

  /** The latest of each stream that has something new, at most MAX_PARENTS of them; the others are for the next message. */
  parents(conversation: ConversationId): Parents {
    if (this.#quiet.has(conversation)) return NONE
    const fresh = this.#store.streams
      .ofConversation(conversation)
      .filter(({ id, device, base, upTo }) => device !== this.#me && upTo >= base && upTo > (this.#named.get(id) ?? 0))
    const told = fresh.slice(0, MAX_PARENTS)
    const named: Named = new Map(told.map(({ id, upTo }) => [id, upTo]))
    return {
      ids: told.map(({ device, epoch, upTo }) => messageIdOf(device, epoch, upTo)),
      said: () => this.#said(conversation, named, fresh.length === told.length),
    }
  }

  #said(conversation: ConversationId, named: Named, isAll: boolean): void {
    for (const [stream, upTo] of named) this.#named.set(stream, Math.max(upTo, this.#named.get(stream) ?? 0))
    // What came while the message was on its way to the disk is still to be named.
    const isQuiet = [...named].every(([stream, upTo]) => this.#store.streams.byId(stream)?.upTo === upTo)
    if (isAll && isQuiet) this.#quiet.add(conversation)
  }
}
