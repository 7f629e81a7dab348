/** Lets pass while it is open; whoever comes to a closed one waits. */
export class Gate {
  #opened: PromiseWithResolvers<void> | undefined

  get isOpen(): boolean {
    return this.#opened === undefined
  }

  close(): void {
    this.#opened ??= Promise.withResolvers()
  }

  open(): void {
    this.#opened?.resolve()
    this.#opened = undefined
  }

  /** Resolves when it is open. */
  async pass(): Promise<void> {
    while (this.#opened !== undefined) await this.#opened.promise
  }
}
