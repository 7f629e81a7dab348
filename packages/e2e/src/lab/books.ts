import { Tally } from '#tally.ts'
import { LabFailure } from './lab-failure.ts'

// A text is `AUTHOR>READER LANE/N`, perhaps with padding behind it. A lane writes one message after the other, so that its numbers
// rise wherever they are read.
const TEXT = /^([\w-]+)>([\w-]+) (\d+)\/(\d+)(?: |$)/

/** What the laboratory itself saw: which texts a peer accepted, and which were shown where. It asks no database. */
export class Books {
  /** Accepted and shown, together: what schedules count. */
  readonly progress = new Tally()
  readonly #accepted = new Map<string, Set<string>>()
  readonly #shown = new Map<string, Text[]>()
  readonly #strange: string[] = []
  readonly #allowed = new Set<string>()
  #lanes = 0
  #acceptedCount = 0

  /** How many texts their authors have in their databases, and have to see delivered. */
  get accepted(): number {
    return this.#acceptedCount
  }

  /** So many texts were shown already when the profile of their author was put back to before it wrote them. */
  forget(count: number): void {
    this.#acceptedCount -= count
  }

  /** A text that may be shown, once, and need not be. */
  allow(text: string): void {
    this.#allowed.add((parse(text) ?? wrong(text)).pairKey)
  }

  newLane(): number {
    this.#lanes += 1
    return this.#lanes
  }

  /** `text` begins as those of a lane do. */
  accept(text: string): void {
    const { pair, key } = parse(text) ?? wrong(text)
    this.#acceptedCount += 1
    const texts = this.#accepted.get(pair) ?? new Set()
    this.#accepted.set(pair, texts.add(key))
    this.progress.add()
  }

  show(reader: string, text: string): void {
    const read = parse(text)
    if (read === undefined || read.to !== reader) this.#strange.push(`${reader} was shown "${text.slice(0, 80)}"`)
    else {
      const shown = this.#shown.get(read.pair) ?? []
      shown.push(read)
      this.#shown.set(read.pair, shown)
    }
    this.progress.add()
  }

  /** How many texts were accepted and not shown yet: to anybody, or to one. */
  outstanding(reader?: string): number {
    let count = 0
    for (const [pair, texts] of this.#accepted) {
      if (reader !== undefined && !pair.endsWith(`>${reader}`)) continue
      const shown = this.#shown.get(pair) ?? []
      const strays = this.#allowed.size === 0 ? [] : shown.filter(({ pairKey }) => this.#allowed.has(pairKey))
      count += Math.max(0, texts.size - shown.length + strays.length)
    }
    return count
  }

  /** Throws LabFailure for the first thing that is wrong; call it when everything is at rest. */
  check(): void {
    const [strange] = this.#strange
    if (strange !== undefined) throw new LabFailure('invented', `${strange}, which nobody wrote to them`)
    for (const pair of new Set([...this.#accepted.keys(), ...this.#shown.keys()])) this.#checkPair(pair)
  }

  #checkPair(pair: string): void {
    const accepted = this.#accepted.get(pair) ?? new Set()
    const shown = this.#shown.get(pair) ?? []
    const seen = new Set<string>()
    const lastOfLane = new Map<string, number>()
    for (const { key, pairKey, lane, n } of shown) {
      if (seen.has(key)) throw new LabFailure('doubled', `${pair} ${key} was shown twice`)
      if (!accepted.has(key) && !this.#allowed.has(pairKey))
        throw new LabFailure('invented', `${pair} ${key} was shown and never accepted`)
      seen.add(key)
      const last = lastOfLane.get(lane) ?? -1
      if (n < last) throw new LabFailure('reordered', `${pair} ${key} was shown after number ${last} of its lane`)
      lastOfLane.set(lane, n)
    }
    const lost = [...accepted].filter((key) => !seen.has(key))
    if (lost.length > 0) {
      throw new LabFailure('lost', `${lost.length} of ${accepted.size} ${pair} were never shown, such as ${lost[0]}`)
    }
  }
}

interface Text {
  readonly pair: string
  readonly to: string
  readonly key: string
  readonly pairKey: string
  readonly lane: string
  readonly n: number
}

function parse(text: string): Text | undefined {
  const [, from, to = '', lane = '', n] = TEXT.exec(text) ?? []
  if (from === undefined) return undefined
  const pair = `${from}>${to}`
  const key = `${lane}/${n}`
  return { pair, to, key, pairKey: `${pair} ${key}`, lane, n: Number(n) }
}

function wrong(text: string): never {
  throw new RangeError(`"${text}" is not a text of a lane`)
}
