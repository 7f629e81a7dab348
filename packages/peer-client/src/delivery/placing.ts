// T3, the part inside the transaction: where a received message goes in its author's stream.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { messageHash, streamRoot } from '@parley/shared/hashes.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_EARLY_MESSAGES } from '@parley/shared/limits.ts'
import type { Withheld } from '@parley/shared/wire/bundle.ts'
import { isLine } from '@parley/shared/wire/lines.ts'
import { decodeMessage, decodeStoredMessage, type Message, type VoidReason } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { Run } from '#store/quiet-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { hideRepeated } from './repeats.ts'

interface Position {
  readonly seq: number
  readonly prev: Uint8Array
  readonly hash: Uint8Array
}

interface WithContent extends Position {
  readonly message: Message
  readonly bytes: Uint8Array
}

interface WithoutContent extends Position {
  readonly withheld: VoidReason
}

/** What is said of one position: the message, or that it is withheld. */
export type Incoming = WithContent | WithoutContent

/** Throws CborError or ZodError. */
export function readIncoming(bytes: Uint8Array): WithContent {
  return withContent(decodeMessage(bytes), bytes)
}

/** One that waits here already. */
function readEarly(bytes: Uint8Array): WithContent {
  return withContent(decodeStoredMessage(bytes), bytes)
}

function withContent(message: Message, bytes: Uint8Array): WithContent {
  return { seq: message.seq, prev: message.prev, hash: messageHash(bytes), message, bytes }
}

export function withheldIncoming({ seq, prev, hash, reason }: Withheld): WithoutContent {
  return { seq, prev, hash, withheld: reason }
}

export interface Placed {
  /** Positions that became visible: from … to without a gap, or undefined. */
  readonly shown: { readonly from: number; readonly to: number } | undefined
  /** Positions whose content came after it had been withheld. */
  readonly filled: readonly number[]
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

/** Places what came for one stream. Duplicates change nothing; what contradicts the chain becomes evidence. */
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
  readonly #filled: number[] = []
  #forks = 0
  readonly #special: PlacedMessage[] = []
  /** Those that are no lines, at the end of what was placed so far. */
  #quiet: Run | undefined

  constructor(store: Store, device: DeviceKey, stream: StreamRow, at: number) {
    this.#store = store
    this.#device = device
    this.#stream = stream
    this.#at = at
    this.#before = stream.upTo
    this.#upTo = stream.upTo
    this.#hash = stream.hash
    this.#lamport = store.messages.lamportUpTo(stream.id, stream.upTo) ?? 0
    this.#early = store.messages.countEarly(stream.id, stream.upTo)
  }

  place(incoming: Incoming): void {
    const { seq, prev, hash } = incoming
    if (seq < this.#stream.base) return
    if (seq <= this.#upTo) {
      this.#compare(incoming)
    } else if (seq > this.#upTo + 1) {
      // One without content is sealed again once its predecessor came.
      if ('message' in incoming) this.#keepEarly(incoming)
    } else if (!this.#follows(prev)) {
      this.#evidence(incoming)
    } else {
      if (this.#early > 0) this.#evictEarly(seq, hash)
      this.#append(incoming)
      if (this.#early > 0) this.#admitEarly()
    }
  }

  finish(): Placed {
    this.#keepQuiet()
    if (this.#upTo > this.#before && this.#hash !== null)
      this.#store.streams.setReceived(this.#stream.id, this.#upTo, this.#hash)
    const shown = this.#upTo > this.#before ? { from: this.#before + 1, to: this.#upTo } : undefined
    return { shown, filled: this.#filled, forks: this.#forks, special: this.#special }
  }

  /** A stream that begins for me above position 1 begins with whatever its author says; position 1 begins in the stream itself. */
  #follows(prev: Uint8Array): boolean {
    const { base, conversation, epoch } = this.#stream
    if (this.#hash !== null) return isEqualBytes(prev, this.#hash)
    return base > 1 || isEqualBytes(prev, streamRoot(this.#device, conversation, epoch))
  }

  #append(incoming: Incoming): void {
    const { seq, prev, hash } = incoming
    if ('message' in incoming) {
      this.#insert(seq, incoming.bytes, this.#advance(incoming))
      if (!this.#show(incoming)) this.#addQuiet(seq)
    } else {
      this.#upTo = seq
      this.#hash = hash
      this.#addQuiet(seq)
      this.#store.vacancies.insert({ stream: this.#stream.id, seq, hash, prev, reason: incoming.withheld })
    }
  }

  /** The position's Lamport value as it is kept: rising, even when its author does not let it. */
  #advance({ seq, hash, message: { lamport } }: WithContent): number {
    this.#upTo = seq
    this.#hash = hash
    this.#lamport = Math.min(Math.max(lamport, this.#lamport + 1), Number.MAX_SAFE_INTEGER)
    return this.#lamport
  }

  /** It is in its place with this Lamport value. True when it is a line of the conversation. */
  #show({ message }: WithContent, lamport = this.#lamport): boolean {
    const { seq, kind, body } = message
    const isHidden = hideRepeated(this.#store, this.#stream, message)
    if (kind !== TEXT_KIND) this.#special.push({ stream: this.#stream, seq, kind, lamport, body })
    return isLine(message) && !isHidden
  }

  /** The last position is no line. */
  #addQuiet(seq: number): void {
    if (this.#quiet?.to === seq - 1) this.#quiet = { from: this.#quiet.from, to: seq }
    else {
      this.#keepQuiet()
      this.#quiet = { from: seq, to: seq }
    }
  }

  #keepQuiet(): void {
    if (this.#quiet !== undefined) this.#store.quiet.add(this.#stream.id, this.#quiet)
    this.#quiet = undefined
  }

  #insert(seq: number, bytes: Uint8Array, lamport: number): void {
    this.#store.messages.insert({ stream: this.#stream.id, seq, lamport, storedAt: this.#at, bytes })
  }

  /** With what is held at a position that was placed before. */
  #compare(incoming: Incoming): void {
    const { seq, hash } = incoming
    const vacant = this.#store.vacancies.hashAt(this.#stream.id, seq)
    const held = vacant ?? this.#store.messages.hashAt(this.#stream.id, seq)
    if (held === undefined) return
    if (!isEqualBytes(held, hash)) this.#evidence(incoming)
    else if (vacant !== undefined && 'message' in incoming) this.#fill(incoming)
  }

  /** It was withheld, and comes after all. Its neighbours' places on the screen stay: its value lies between theirs. */
  #fill(incoming: WithContent): void {
    const { seq, bytes, message } = incoming
    const { id } = this.#stream
    const before = this.#store.messages.lamportUpTo(id, seq) ?? 0
    const after = this.#store.messages.lamportFrom(id, seq) ?? Number.MAX_SAFE_INTEGER
    const lamport = Math.min(Math.max(message.lamport, before + 1), after - 1)
    if (lamport <= before) return
    this.#store.search.changing({ stream: id, seq })
    this.#store.vacancies.remove(id, seq)
    this.#insert(seq, bytes, lamport)
    if (this.#show(incoming, lamport)) {
      this.#keepQuiet()
      this.#store.quiet.takeOut(id, seq)
    }
    this.#filled.push(seq)
  }

  #keepEarly(incoming: WithContent): void {
    const { seq, message, bytes } = incoming
    if (this.#store.messages.bytesAt(this.#stream.id, seq) !== undefined) {
      this.#compare(incoming)
      return
    }
    if (this.#early >= MAX_EARLY_MESSAGES) return
    this.#insert(seq, bytes, message.lamport)
    this.#early += 1
  }

  /** An early arrival stands where the chain now puts something else: the early one was never part of it. */
  #evictEarly(seq: number, hash: Uint8Array): void {
    const bytes = this.#store.messages.bytesAt(this.#stream.id, seq)
    if (bytes === undefined) return
    const early = readEarly(bytes)
    if (!isEqualBytes(early.hash, hash)) this.#evidence(early)
    this.#store.messages.remove(this.#stream.id, seq)
    this.#early -= 1
  }

  #admitEarly(): void {
    for (const { seq, bytes } of this.#store.messages.early(this.#stream.id, this.#upTo, MAX_EARLY_MESSAGES)) {
      if (seq !== this.#upTo + 1) return
      const early = readEarly(bytes)
      if (!this.#follows(early.prev)) {
        this.#evidence(early)
        this.#store.messages.remove(this.#stream.id, seq)
        this.#early -= 1
        return
      }
      const lamport = this.#advance(early)
      this.#store.messages.place(this.#stream.id, seq, lamport, this.#at)
      if (!this.#show(early)) this.#addQuiet(seq)
      this.#early -= 1
    }
  }

  /** A position that is only said to be withheld shows nothing but its hash. */
  #evidence(incoming: Incoming): void {
    const { epoch } = this.#stream
    const { seq, hash } = incoming
    const bytes = 'message' in incoming ? incoming.bytes : Buffer.alloc(0)
    this.#store.forks.insert({ device: this.#device, epoch, seq, hash, bytes, seenAt: this.#at })
    this.#forks += 1
  }
}
