// T3, the part inside the transaction: where a received message goes in its author's stream.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { messageHash, messageIdsOf, streamRoot } from '@parley/shared/hashes.ts'
import { type DeviceKey, newLocalMessageId } from '@parley/shared/ids.ts'
import { MAX_EARLY_MESSAGES } from '@parley/shared/limits.ts'
import { decodeMessage, type Message } from '@parley/shared/wire/message.ts'
import type { Standing } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

export interface Incoming {
  readonly message: Message
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** Throws CborError or ZodError. */
export function readIncoming(bytes: Uint8Array): Incoming {
  return { message: decodeMessage(bytes), bytes, hash: messageHash(bytes) }
}

/** A message that gives its position up: it keeps the chain whole and is never shown. */
export const VOID_KIND = 'void'

export interface PlacingDeps {
  readonly store: Store
  readonly random: (size: number) => Uint8Array
}

export interface Placed {
  /** Positions that became visible: from … to without a gap, or undefined. */
  readonly shown: { readonly from: number; readonly to: number } | undefined
  readonly forks: number
}

/** Places one stream's messages. Duplicates change nothing; what contradicts the chain becomes evidence. */
export function placeMessages(
  deps: PlacingDeps,
  device: DeviceKey,
  stream: StreamRow,
  incoming: readonly Incoming[],
  at: number,
): Placed {
  const placing = new StreamPlacing(deps, device, stream, at)
  for (const one of incoming) placing.place(one)
  return placing.finish()
}

class StreamPlacing {
  readonly #store: Store
  readonly #random: (size: number) => Uint8Array
  readonly #device: DeviceKey
  readonly #stream: StreamRow
  readonly #at: number
  readonly #messageId: (seq: number) => Uint8Array
  readonly #before: number
  #upTo: number
  #hash: Uint8Array | null
  #hasEarly: boolean
  #forks = 0

  constructor({ store, random }: PlacingDeps, device: DeviceKey, stream: StreamRow, at: number) {
    this.#store = store
    this.#random = random
    this.#device = device
    this.#stream = stream
    this.#at = at
    this.#messageId = messageIdsOf(device, stream.epoch)
    this.#before = stream.upTo
    this.#upTo = stream.upTo
    this.#hash = stream.hash
    this.#hasEarly = store.messages.countEarly(stream.id) > 0
  }

  place(incoming: Incoming): void {
    const { seq, prev } = incoming.message
    if (seq < this.#stream.base) return
    if (seq <= this.#upTo) {
      this.#compare(incoming)
    } else if (seq > this.#upTo + 1) {
      this.#keepEarly(incoming)
    } else if (!this.#follows(prev)) {
      this.#evidence(seq, incoming)
    } else {
      if (this.#hasEarly && this.#store.messages.hashAt(this.#stream.id, seq) !== undefined)
        this.#evictEarly(seq, incoming.hash)
      this.#insert(incoming, standingOf(incoming.message))
      this.#upTo = seq
      this.#hash = incoming.hash
      if (this.#hasEarly) this.#admitEarly()
    }
  }

  finish(): Placed {
    if (this.#upTo > this.#before && this.#hash !== null)
      this.#store.streams.setReceived(this.#stream.id, this.#upTo, this.#hash)
    const shown = this.#upTo > this.#before ? { from: this.#before + 1, to: this.#upTo } : undefined
    return { shown, forks: this.#forks }
  }

  /** A stream that begins for me above position 1 begins with whatever its author says; position 1 begins in the stream itself. */
  #follows(prev: Uint8Array): boolean {
    const { base, conversation, epoch } = this.#stream
    if (this.#hash !== null) return isEqualBytes(prev, this.#hash)
    return base > 1 || isEqualBytes(prev, streamRoot(this.#device, conversation, epoch))
  }

  #insert({ message, bytes, hash }: Incoming, standing: Standing): void {
    const messageId = this.#messageId(message.seq)
    this.#store.messages.insert({
      stream: this.#stream.id,
      seq: message.seq,
      conversation: this.#stream.conversation,
      localId: newLocalMessageId(this.#at, this.#random),
      standing,
      kind: message.kind,
      lamport: message.lamport,
      messageId,
      sentAt: message.sentAt,
      storedAt: this.#at,
      priority: message.priority,
      bytes,
      hash,
    })
  }

  #compare(incoming: Incoming): void {
    const held = this.#store.messages.hashAt(this.#stream.id, incoming.message.seq)
    if (held != null && !isEqualBytes(held, incoming.hash)) this.#evidence(incoming.message.seq, incoming)
  }

  #keepEarly(incoming: Incoming): void {
    const { seq } = incoming.message
    const held = this.#store.messages.hashAt(this.#stream.id, seq)
    if (held != null) {
      this.#compare(incoming)
      return
    }
    if (this.#store.messages.countEarly(this.#stream.id) >= MAX_EARLY_MESSAGES) return
    this.#insert(incoming, 'early')
    this.#hasEarly = true
  }

  /** An early arrival stands where the chain now puts another message: the early one was never part of it. */
  #evictEarly(seq: number, hash: Uint8Array): void {
    const [early] = this.#store.messages.range(this.#stream.id, seq, seq)
    if (early?.hash != null && !isEqualBytes(early.hash, hash))
      this.#evidence(seq, { bytes: early.bytes, hash: early.hash })
    this.#store.messages.remove(this.#stream.id, seq)
  }

  #admitEarly(): void {
    for (const early of this.#store.messages.early(this.#stream.id, MAX_EARLY_MESSAGES)) {
      if (early.seq !== this.#upTo + 1) return
      const message = decodeMessage(early.bytes)
      if (!this.#follows(message.prev)) {
        this.#evidence(early.seq, early)
        this.#store.messages.remove(this.#stream.id, early.seq)
        return
      }
      this.#store.messages.show(this.#stream.id, early.seq, standingOf(message), this.#at)
      this.#upTo = early.seq
      this.#hash = early.hash
    }
    this.#hasEarly = false
  }

  #evidence(seq: number, { bytes, hash }: { bytes: Uint8Array; hash: Uint8Array }): void {
    const { epoch } = this.#stream
    this.#store.forks.insert({ device: this.#device, epoch, seq, hash, bytes, seenAt: this.#at })
    this.#forks += 1
  }
}

function standingOf(message: Message): Standing {
  return message.kind === VOID_KIND ? 'void' : 'shown'
}
