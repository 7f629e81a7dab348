// T3, the part inside the transaction: where a received message goes in its author's stream.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { messageHash, streamRoot } from '@parley/shared/hashes.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_EARLY_MESSAGES } from '@parley/shared/limits.ts'
import { decodeMessage, type Message } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
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

export interface Placed {
  /** Positions that became visible: from … to without a gap, or undefined. */
  readonly shown: { readonly from: number; readonly to: number } | undefined
  readonly forks: number
  /** Those among the visible ones that are no texts: they may be about others. */
  readonly special: readonly PlacedMessage[]
}

/** A message of others that took its place. */
export interface PlacedMessage {
  readonly stream: StreamRow
  readonly seq: number
  readonly kind: string
  /** As it is kept, see `MessageRow`. */
  readonly lamport: number
  readonly body: Uint8Array
}

/** Places one stream's messages. Duplicates change nothing; what contradicts the chain becomes evidence. */
export function placeMessages(
  store: Store,
  device: DeviceKey,
  stream: StreamRow,
  incoming: readonly Incoming[],
  at: number,
): Placed {
  const placing = new StreamPlacing(store, device, stream, at)
  for (const one of incoming) placing.place(one)
  return placing.finish()
}

class StreamPlacing {
  readonly #store: Store
  readonly #device: DeviceKey
  readonly #stream: StreamRow
  readonly #at: number
  readonly #before: number
  #upTo: number
  #hash: Uint8Array | null
  /** Of position `#upTo`. */
  #lamport: number
  /** How many wait beyond `#upTo`. */
  #early: number
  #forks = 0
  readonly #special: PlacedMessage[] = []

  constructor(store: Store, device: DeviceKey, stream: StreamRow, at: number) {
    this.#store = store
    this.#device = device
    this.#stream = stream
    this.#at = at
    this.#before = stream.upTo
    this.#upTo = stream.upTo
    this.#hash = stream.hash
    this.#lamport = store.messages.lamportAt(stream.id, stream.upTo) ?? 0
    this.#early = store.messages.countEarly(stream.id, stream.upTo)
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
      if (this.#early > 0) this.#evictEarly(seq, incoming.hash)
      this.#insert(incoming, this.#advance(incoming))
      if (this.#early > 0) this.#admitEarly()
    }
  }

  finish(): Placed {
    if (this.#upTo > this.#before && this.#hash !== null)
      this.#store.streams.setReceived(this.#stream.id, this.#upTo, this.#hash)
    const shown = this.#upTo > this.#before ? { from: this.#before + 1, to: this.#upTo } : undefined
    return { shown, forks: this.#forks, special: this.#special }
  }

  /** A stream that begins for me above position 1 begins with whatever its author says; position 1 begins in the stream itself. */
  #follows(prev: Uint8Array): boolean {
    const { base, conversation, epoch } = this.#stream
    if (this.#hash !== null) return isEqualBytes(prev, this.#hash)
    return base > 1 || isEqualBytes(prev, streamRoot(this.#device, conversation, epoch))
  }

  /** The position's Lamport value as it is kept: rising, even when its author does not let it. */
  #advance({ message: { seq, kind, lamport, body }, hash }: Incoming): number {
    this.#upTo = seq
    this.#hash = hash
    this.#lamport = Math.min(Math.max(lamport, this.#lamport + 1), Number.MAX_SAFE_INTEGER)
    if (kind !== TEXT_KIND) this.#special.push({ stream: this.#stream, seq, kind, lamport: this.#lamport, body })
    return this.#lamport
  }

  #insert({ message, bytes }: Incoming, lamport: number): void {
    this.#store.messages.insert({ stream: this.#stream.id, seq: message.seq, lamport, storedAt: this.#at, bytes })
  }

  #compare(incoming: Incoming): void {
    const held = this.#store.messages.hashAt(this.#stream.id, incoming.message.seq)
    if (held !== undefined && !isEqualBytes(held, incoming.hash)) this.#evidence(incoming.message.seq, incoming)
  }

  #keepEarly(incoming: Incoming): void {
    const { seq } = incoming.message
    if (this.#store.messages.bytesAt(this.#stream.id, seq) !== undefined) {
      this.#compare(incoming)
      return
    }
    if (this.#early >= MAX_EARLY_MESSAGES) return
    this.#insert(incoming, incoming.message.lamport)
    this.#early += 1
  }

  /** An early arrival stands where the chain now puts another message: the early one was never part of it. */
  #evictEarly(seq: number, hash: Uint8Array): void {
    const early = this.#store.messages.bytesAt(this.#stream.id, seq)
    if (early === undefined) return
    const earlyHash = messageHash(early)
    if (!isEqualBytes(earlyHash, hash)) this.#evidence(seq, { bytes: early, hash: earlyHash })
    this.#store.messages.remove(this.#stream.id, seq)
    this.#early -= 1
  }

  #admitEarly(): void {
    for (const { seq, bytes } of this.#store.messages.early(this.#stream.id, this.#upTo, MAX_EARLY_MESSAGES)) {
      if (seq !== this.#upTo + 1) return
      const early = readIncoming(bytes)
      if (!this.#follows(early.message.prev)) {
        this.#evidence(seq, early)
        this.#store.messages.remove(this.#stream.id, seq)
        this.#early -= 1
        return
      }
      const lamport = this.#advance(early)
      this.#store.messages.place(this.#stream.id, seq, lamport, this.#at)
      this.#early -= 1
    }
  }

  #evidence(seq: number, { bytes, hash }: { bytes: Uint8Array; hash: Uint8Array }): void {
    const { epoch } = this.#stream
    this.#store.forks.insert({ device: this.#device, epoch, seq, hash, bytes, seenAt: this.#at })
    this.#forks += 1
  }
}
