const EVERY_MS = 200
const CLEAR = '\r\x1b[K'

/** How far it is, on one line of a terminal; nothing anywhere else. */
export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #total: number
  #shownAt = 0

  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out
    this.#total = total
  }

  show(done: number, failed: number): void {
    if (!this.#out.isTTY || performance.now() - this.#shownAt < EVERY_MS) return
    this.#shownAt = performance.now()
    this.#out.write(`${CLEAR}${done} of ${this.#total} seeds, ${failed} failed`)
  }

  clear(): void {
    if (this.#out.isTTY) this.#out.write(CLEAR)
  }
}
