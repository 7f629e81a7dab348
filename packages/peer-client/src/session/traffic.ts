// How much went over all sessions in the last minutes. Sampled: a session counts for itself, and whoever asks wants steps of time.
import { MAX_TRAFFIC_SAMPLES, TRAFFIC_SAMPLE_MS } from '@parley/shared/limits.ts'
import type { Traffic as TrafficView } from '@parley/shared/local-api/peers.ts'

interface Bytes {
  readonly receivedBytes: number
  readonly sentBytes: number
}

/** The part of a session that is counted; the same object as long as it is the same session. */
export type CountedSession = Readonly<Bytes>

export class Traffic {
  readonly #sessions: () => readonly CountedSession[]
  readonly #counted = new WeakMap<CountedSession, Bytes>()
  readonly #samples: Bytes[] = []
  readonly #timer: NodeJS.Timeout
  #now: Bytes = NOTHING
  #total: Bytes = NOTHING

  /** Samples until it is stopped, and keeps no process alive. */
  constructor(sessions: () => readonly CountedSession[], { everyMs = TRAFFIC_SAMPLE_MS } = {}) {
    this.#sessions = sessions
    this.#timer = setInterval(() => this.sample(), everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The session ends: what it carried since the last sample counts too. */
  ended(session: CountedSession): void {
    this.#count(session)
  }

  sample(): void {
    this.#countAll()
    this.#samples.push(this.#now)
    if (this.#samples.length > MAX_TRAFFIC_SAMPLES) this.#samples.shift()
    this.#now = NOTHING
  }

  history(): TrafficView {
    this.#countAll()
    return { everyMs: TRAFFIC_SAMPLE_MS, samples: [...this.#samples], ...this.#total }
  }

  #countAll(): void {
    for (const session of this.#sessions()) this.#count(session)
  }

  #count(session: CountedSession): void {
    const { receivedBytes, sentBytes } = session
    const before = this.#counted.get(session) ?? NOTHING
    const since = { receivedBytes: receivedBytes - before.receivedBytes, sentBytes: sentBytes - before.sentBytes }
    this.#counted.set(session, { receivedBytes, sentBytes })
    this.#now = sum(this.#now, since)
    this.#total = sum(this.#total, since)
  }
}

const NOTHING: Bytes = { receivedBytes: 0, sentBytes: 0 }

function sum(a: Bytes, b: Bytes): Bytes {
  return { receivedBytes: a.receivedBytes + b.receivedBytes, sentBytes: a.sentBytes + b.sentBytes }
}
