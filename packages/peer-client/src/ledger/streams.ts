// Each stream of one database, walked from its first position to its last: no gap, one chain, and an order on the screen that
// is its own.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { messageHash, streamRoot } from '@parley/shared/hashes.ts'
import { type Message, VOID_KIND } from '@parley/shared/wire/message.ts'
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
  /** Of the position before `#next`, whether it can be believed or not. */
  #hash: Uint8Array | null = null

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

  step(row: LedgerMessage): void {
    this.#findings.checked.messages += 1
    const { seq, bytes } = row
    const { base, upTo } = this.#stream
    if (seq < base) this.#violate('wrong-mark', seq, `it stands before the first position, ${base}`)
    if (this.isMine && seq > upTo) this.#violate('wrong-mark', seq, `it stands behind the last position, ${upTo}`)
    const isInOrder = seq <= upTo
    if (isInOrder && seq !== this.#next) {
      this.#passVacancies(seq - 1)
    }
    const found = this.#messages.check(this.#stream, row, isInOrder ? this.#prev : undefined)
    if ('code' in found) this.#violate(found.code, seq, found.detail)
    else if (isInOrder) this.#checkOrder(row, found)
    else if (row.lamport !== found.lamport)
      this.#violate('reordered', seq, `its clock value is ${found.lamport} and was kept as ${row.lamport}`)
    if (!isInOrder) return
    this.#next = seq + 1
    this.#hash = messageHash(bytes)
    this.#prev = 'code' in found ? undefined : this.#hash
    if (this.isMine && !('code' in found) && found.kind === VOID_KIND) this.#checkVoided(seq)
  }

  end(): void {
    const { base, upTo, hash } = this.#stream
    if (this.#next <= upTo) this.#passVacancies(upTo)
    const isTrue = upTo < base ? hash === null : this.#next > upTo && isSameHash(hash, this.#hash)
    if (!isTrue) this.#violate('wrong-mark', upTo, 'the hash of the stream is not that of its last position')
  }

  /** The order on the screen merges streams by a value that rises along each. An author who let it fall is followed with the least that rises. */
  #checkOrder({ seq, lamport }: LedgerMessage, { lamport: said }: Message): void {
    if (this.isMine && said <= this.lamport)
      this.#violate('reordered', seq, `its clock value ${said} is not above the ${this.lamport} before it`)
    const rising = Math.min(Math.max(said, this.lamport + 1), Number.MAX_SAFE_INTEGER)
    if (lamport !== rising) this.#violate('reordered', seq, `its clock value is ${rising} and was kept as ${lamport}`)
    this.lamport = rising
  }

  /** What was taken back goes nowhere. */
  #checkVoided(seq: number): void {
    for (const state of this.#database.deliveryStates(this.#stream, seq)) {
      if (state === 'delivered' || state === 'read')
        this.#violate('false-tick', seq, 'it was taken back and is marked as delivered')
      else if (state === 'queued' || state === 'sent')
        this.#violate('wrong-delivery', seq, 'it was taken back and is still to be delivered')
    }
  }

  /** Up to `to`, where there are no messages: what was withheld keeps the chain whole, what is missing does not. */
  #passVacancies(to: number): void {
    const vacancies = this.isMine ? [] : this.#database.vacancies(this.#stream, this.#next, to)
    for (const { seq, hash, prev } of vacancies) {
      if (seq > this.#next) this.#skip(seq - 1)
      if (this.#prev !== undefined && !isEqualBytes(this.#prev, prev))
        this.#violate('broken-chain', seq, 'what was withheld does not name the hash of the position before it')
      this.#next = seq + 1
      this.#hash = hash
      this.#prev = hash
    }
    if (this.#next <= to) this.#skip(to)
  }

  #skip(to: number): void {
    this.#missing(this.#next, to)
    this.#prev = undefined
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
