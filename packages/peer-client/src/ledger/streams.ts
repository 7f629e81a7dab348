// Each stream of one database, walked from its first position to its last: no gap, one chain, and columns that say what the
// bytes say. Lamport values that rise along a stream are also what keeps its order on the screen, where all streams mix.
import { streamRoot } from '@parley/shared/hashes.ts'
import type { LedgerDatabase, LedgerMessage, LedgerStream } from './ledger-database.ts'
import type { Findings, Place, ViolationCode } from './ledger-report.ts'
import { MessageCheck } from './message-check.ts'
import { isSameHash } from './same-hash.ts'

export function checkStreams(database: LedgerDatabase, findings: Findings): void {
  const messages = new MessageCheck(database)
  let lamport = 0
  for (const stream of database.streams()) {
    findings.checked.streams += 1
    const walk = new StreamWalk(database, stream, findings, messages)
    for (const message of database.messages(stream)) walk.step(message)
    walk.end()
    if (walk.isMine) lamport = Math.max(lamport, walk.lamport)
  }
  const clock = Number(
    database.database.prepare<[], string>(`SELECT value FROM meta WHERE key = 'lamport'`).pluck().get() ?? 0,
  )
  if (!(clock >= lamport)) {
    findings.add(
      'wrong-mark',
      { database: database.path },
      `the clock stands at ${clock}, below a message of its own with ${lamport}`,
    )
  }
}

class StreamWalk {
  readonly isMine: boolean
  lamport = 0
  readonly #database: LedgerDatabase
  readonly #stream: LedgerStream
  readonly #findings: Findings
  readonly #messages: MessageCheck
  #next: number
  /** Hash of the position before `#next`; undefined when it is not known. */
  #prev: Uint8Array | undefined
  #frozenHash: Uint8Array | null = null

  constructor(database: LedgerDatabase, stream: LedgerStream, findings: Findings, messages: MessageCheck) {
    this.#database = database
    this.#stream = stream
    this.#findings = findings
    this.#messages = messages
    this.isMine = stream.device === database.device
    const { device, conversation, epoch, base, upTo, frozenTo } = stream
    this.#next = base
    if (base === 1) this.#prev = streamRoot(device, conversation, epoch)
    if (base < 1 || upTo < base - 1 || frozenTo < base - 1 || frozenTo > upTo)
      this.#violate('wrong-mark', undefined, `positions ${base} to ${upTo}, frozen to ${frozenTo}, cannot be`)
    if (this.isMine && base !== 1) this.#violate('wrong-mark', undefined, `a stream of its own begins at ${base}`)
    if (!this.isMine && frozenTo !== upTo)
      this.#violate('wrong-mark', undefined, `a received stream is frozen to ${frozenTo} and held to ${upTo}`)
  }

  step(message: LedgerMessage): void {
    this.#findings.checked.messages += 1
    const { seq, hash } = message
    const { base, upTo, frozenTo } = this.#stream
    if (seq === frozenTo) this.#frozenHash = hash
    if (seq < base) this.#violate('wrong-mark', seq, `it stands before the first position, ${base}`)
    if (this.isMine && seq > upTo) this.#violate('wrong-mark', seq, `it stands behind the last position, ${upTo}`)
    if ((message.standing === 'early') !== (!this.isMine && seq > upTo))
      this.#violate('early-shown', seq, `it is marked ${message.standing}, and the stream is held to ${upTo}`)
    const isInOrder = seq <= upTo
    if (isInOrder && seq !== this.#next) {
      this.#missing(this.#next, seq - 1)
      this.#prev = undefined
    }
    const fault = this.#messages.check(this.#stream, message, isInOrder ? this.#prev : undefined)
    if (fault !== undefined) this.#violate(fault.code, seq, fault.detail)
    if (!isInOrder) return
    if (message.lamport <= this.lamport)
      this.#violate('reordered', seq, `its clock value ${message.lamport} is not above the ${this.lamport} before it`)
    this.lamport = Math.max(this.lamport, message.lamport)
    this.#next = seq + 1
    this.#prev = fault === undefined ? hash : undefined
  }

  end(): void {
    const { base, upTo, frozenTo, hash } = this.#stream
    if (this.#next <= upTo) this.#missing(this.#next, upTo)
    const isTrue = frozenTo < base ? hash === null : isSameHash(hash, this.#frozenHash)
    if (!isTrue) this.#violate('wrong-mark', frozenTo, 'the hash of the stream is not that of its last frozen position')
  }

  #missing(from: number, to: number): void {
    if (to >= from)
      this.#violate('gap', from, from === to ? `position ${from} is missing` : `positions ${from} to ${to} are missing`)
  }

  #violate(code: ViolationCode, seq: number | undefined, detail: string): void {
    this.#findings.add(code, placeOf(this.#database, this.#stream, seq), detail)
  }
}

function placeOf(database: LedgerDatabase, { device, epoch }: LedgerStream, seq?: number): Place {
  return { database: database.path, device, epoch, ...(seq === undefined ? {} : { seq }) }
}
