/** Collects what a callback is given; `until` waits for the first that fits, those already seen included. */
export class Seen<T> {
  readonly all: T[] = []
  readonly #waiting = new Set<(value: T) => void>()

  readonly push = (value: T): void => {
    this.all.push(value)
    for (const look of this.#waiting) look(value)
  }

  until(fits: (value: T) => boolean): Promise<T> {
    const found = this.all.find(fits)
    if (found !== undefined) return Promise.resolve(found)
    return this.next(fits)
  }

  /** Only what comes from now on counts. */
  next(fits: (value: T) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const look = (value: T) => {
        if (!fits(value)) return
        this.#waiting.delete(look)
        resolve(value)
      }
      this.#waiting.add(look)
    })
  }
}
