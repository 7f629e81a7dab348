import type { Turn } from './interleave.ts'

interface Output {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

const ERASE_LINE = '\r\u001b[K'

/** One line that says what is measured now; on a terminal only. */
export class Progress {
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  show({ round, rounds, contestant }: Turn): void {
    if (this.#output.isTTY === true) this.#output.write(`${ERASE_LINE}round ${round} of ${rounds}: ${contestant}`)
  }

  clear(): void {
    if (this.#output.isTTY === true) this.#output.write(ERASE_LINE)
  }
}
