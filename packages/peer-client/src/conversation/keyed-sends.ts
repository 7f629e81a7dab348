// The same request under the same key is one message, however often and however much at once it is asked for.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Placed } from '#delivery/outbox.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'

interface KeyedSendsDeps {
  readonly store: Pick<Store, 'idempotency'>
  readonly now: () => number
  readonly existing: (id: string) => MessageView
}

export class KeyedSends {
  readonly #deps: KeyedSendsDeps
  readonly #underWay = new Map<string, Promise<MessageView>>()

  constructor(deps: KeyedSendsDeps) {
    this.#deps = deps
  }

  /**
   * The message of an earlier request with this key, or that which `send` makes; what it is given runs in the transaction of the
   * message. `request` is a digest: rejects with `idempotency-conflict` when the key stands for another one.
   */
  async run(
    key: string,
    request: Buffer,
    send: (also: (placed: Placed) => void) => Promise<MessageView>,
  ): Promise<MessageView> {
    for (let other = this.#underWay.get(key); other !== undefined; other = this.#underWay.get(key))
      await other.catch(() => undefined)
    const sending = this.#once(key, request, send)
    this.#underWay.set(key, sending)
    try {
      return await sending
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #once(
    key: string,
    request: Buffer,
    send: (also: (placed: Placed) => void) => Promise<MessageView>,
  ): Promise<MessageView> {
    const { store, now, existing } = this.#deps
    const earlier = store.idempotency.find(key)
    if (earlier === undefined) return send(({ localId }) => store.idempotency.insert(key, request, localId, now()))
    if (request.equals(earlier.request)) return existing(earlier.localId)
    throw new ConversationError(
      'idempotency-conflict',
      'this idempotency key was used for another message: choose a new one',
    )
  }
}
