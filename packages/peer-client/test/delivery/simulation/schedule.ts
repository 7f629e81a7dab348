// Virtual time. Nothing in the simulation waits for a real clock; between two events every promise has settled.

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class Schedule {
  now = 1_700_000_000_000
  #order = 0
  #events: Event[] = []

  after(ms: number, run: () => void): () => void {
    const event = { at: this.now + ms, order: this.#order, run }
    this.#order += 1
    const index = this.#events.findIndex((other) => other.at > event.at)
    if (index === -1) this.#events.push(event)
    else this.#events.splice(index, 0, event)
    return () => {
      this.#events = this.#events.filter((other) => other !== event)
    }
  }

  /** Runs events until `isDone`, nothing is left, or `limit` were run; returns how many were. */
  async run(limit: number, isDone: () => boolean = () => false): Promise<number> {
    for (let steps = 0; steps < limit; steps += 1) {
      if (isDone()) return steps
      const event = this.#events.shift()
      if (event === undefined) return steps
      this.now = Math.max(this.now, event.at)
      event.run()
      await settled()
    }
    return limit
  }
}

/** All promise callbacks that could run have run: no part of the core waits for anything but the schedule. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
