import { cp } from 'node:fs/promises'
import { plant } from '@parley/shared/planted-faults.ts'
import { eventually } from '#eventually.ts'
import type { Fault } from '#faults.ts'
import { type PeerOptions, PeerProgram } from '#peer-program.ts'
import type { Ended } from '#program.ts'
import type { Stage, Surroundings } from '#stage.ts'
import { Books } from './books.ts'
import { LabPeer } from './lab-peer.ts'
import type { Size } from './scenario.ts'

const LANES = 16

export interface LabPeerOptions {
  /** `null` for none. */
  readonly directory?: string | null
  /** HOST:PORT of peers to keep a session to. */
  readonly peers?: readonly string[]
  readonly host?: string
  /** When not under its name on the stage. */
  readonly profile?: string
  /** How the laboratory sees a profile that is in a mount namespace; it is copied out to be judged. */
  readonly seenAt?: string
  readonly surroundings?: Surroundings
  /** Nobody kills, stops or measures its process, so it may be that of the laboratory. */
  readonly mayLiveHere?: boolean
}

export interface TalkOptions {
  readonly messages: number
  /** How many write at the same time. */
  readonly lanes?: number
  /** Bytes behind each text. */
  readonly padding?: number
  /** Asked before each message. */
  readonly mayGoOn?: () => Promise<void>
}

export interface LabOptions {
  readonly stage: Stage
  readonly size: Size
  readonly faults: readonly Fault[]
  /** Peers that may live in this process do; otherwise each has one of its own. */
  readonly sharesProcess: boolean
  /** What a person wants to see while it goes on. */
  readonly onNote: (text: string) => void
  /** Aborts when it has gone on for too long: no further strikes then. */
  readonly deadline: AbortSignal
}

/** What a scenario plays with: peers, the books on what they accepted and showed, and figures for the report. */
export class Lab implements AsyncDisposable {
  readonly stage: Stage
  readonly size: Size
  readonly books = new Books()
  /** For the report: numbers by what they count, with their unit. */
  readonly figures: Record<string, number> = {}
  readonly peers: LabPeer[] = []
  readonly deadline: AbortSignal
  /** Profiles that are judged at the end. */
  readonly profiles = new Set<string>()
  /** Where to copy them, and from where. */
  readonly #hidden = new Map<string, string>()
  /** What the scenario opened, ended after the judgement. */
  readonly #opened = new AsyncDisposableStack()
  readonly #faults: readonly Fault[]
  readonly #sharesProcess: boolean
  readonly #onNote: (text: string) => void
  readonly #samples = new Map<string, number[]>()

  constructor({ stage, size, faults, sharesProcess, onNote, deadline }: LabOptions) {
    this.stage = stage
    this.size = size
    this.deadline = deadline
    this.#faults = faults
    this.#sharesProcess = sharesProcess
    if (sharesProcess) for (const fault of faults) this.#opened.defer(plant(fault))
    this.#onNote = onNote
  }

  /** A peer that is not started yet; at the end it must run, and is stopped and judged. */
  peer(name: string, options: LabPeerOptions = {}): LabPeer {
    const { directory = null, peers = [], host, profile = this.stage.path(name), surroundings = {} } = options
    const { mayLiveHere = false } = options
    const peer = new LabPeer(
      this.stage,
      { name, profile, directory, peers: [...peers], ...(host !== undefined && { host }) },
      {
        onReceived: (text) => this.books.show(name, text),
        surroundings: this.#withFaults(surroundings),
        livesHere: this.#sharesProcess && mayLiveHere,
      },
    )
    this.peers.push(peer)
    if (options.seenAt === undefined) this.profiles.add(profile)
    else this.#hidden.set(this.stage.path(name), options.seenAt)
    return peer
  }

  /** `parley start`, as a user starts it: the peer, or how it ended when it did not start. Whoever starts it stops it. */
  async program(options: PeerOptions): Promise<PeerProgram | Ended> {
    const started = await PeerProgram.tryToStart(this.stage, { ...options, ...this.#withFaults(options) })
    if (started instanceof PeerProgram) this.profiles.add(started.profile)
    return started
  }

  /** It is there until after the judgement. */
  use<T extends AsyncDisposable>(opened: T): T {
    return this.#opened.use(opened)
  }

  /** The profiles to be judged, none of them in use any more. */
  async judged(): Promise<readonly string[]> {
    await Promise.all([...this.#hidden].map(([to, from]) => cp(from, to, { recursive: true })))
    return [...this.profiles, ...this.#hidden.keys()]
  }

  /** Resolves when all is accepted. */
  async talk(from: LabPeer, to: LabPeer, options: TalkOptions): Promise<void> {
    const { messages, lanes = LANES, padding = 0, mayGoOn } = options
    const behind = padding === 0 ? '' : ` ${'.'.repeat(padding)}`
    let left = messages
    const lane = async () => {
      const id = this.books.newLane()
      for (let n = 0; left > 0; n += 1) {
        left -= 1
        await mayGoOn?.()
        const text = `${from.name}>${to.name} ${id}/${n}${behind}`
        await from.send(to.name, text, text.slice(0, 64))
        this.books.accept(text)
      }
    }
    await Promise.all(Array.from({ length: Math.min(lanes, messages) }, lane))
  }

  /** A process with a copy of the profile of a peer. It is not judged, and whoever starts it kills it. */
  twin(of: LabPeer, profile: string, { peers = [] }: Pick<LabPeerOptions, 'peers'>): LabPeer {
    const options = { name: of.name, profile, directory: null, peers: [...peers] }
    return new LabPeer(this.stage, options, { surroundings: this.#withFaults({}) })
  }

  /** Writes what need not arrive. Resolves when all was tried. */
  async stray(from: LabPeer, to: LabPeer, messages: number): Promise<void> {
    const lane = this.books.newLane()
    for (let n = 0; n < messages; n += 1) {
      const text = `${from.name}>${to.name} ${lane}/${n}`
      this.books.allow(text)
      await from.send(to.name, text)
    }
  }

  /** One message each way has arrived. */
  async introduce(one: LabPeer, other: LabPeer): Promise<void> {
    await this.talk(one, other, { messages: 1 })
    await this.rest()
    await this.talk(other, one, { messages: 1 })
    await this.rest()
  }

  /** Resolves when everything that was accepted was shown: to everybody, or to one. */
  async rest(reader?: string): Promise<void> {
    await eventually(`everything shown to ${reader ?? 'everybody'}`, () =>
      this.books.outstanding(reader) === 0 ? true : undefined,
    )
  }

  /** Resolves when moreover every author knows. */
  async atRest(): Promise<void> {
    await this.rest()
    await eventually('nothing waiting', async () => {
      const states = await Promise.all(this.peers.map((peer) => peer.status()))
      return states.every(({ pending }) => pending === 0) ? true : undefined
    })
  }

  note(text: string): void {
    this.stage.note(text)
    this.#onNote(text)
  }

  count(what: string): void {
    this.figures[what] = (this.figures[what] ?? 0) + 1
  }

  /** Its median and its greatest value become figures. */
  measure(what: string, value: number): void {
    const samples = this.#samples.get(what) ?? []
    samples.push(value)
    this.#samples.set(what, samples)
    const sorted = samples.toSorted((a, b) => a - b)
    this.figures[`${what}, median`] = Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)
    this.figures[`${what}, greatest`] = Math.round(sorted.at(-1) ?? 0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }

  #withFaults({ under, preload = [], env = {} }: Surroundings): Surroundings {
    if (this.#faults.length === 0) return { under, preload, env }
    return {
      under,
      preload: ['plant-faults', ...preload],
      env: { ...env, PARLEY_LAB_FAULTS: this.#faults.join(',') },
    }
  }
}
