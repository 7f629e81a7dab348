/** The part of one session. */
export interface BudgetShare {
  /** True when all sessions together hold too much, and this one more than its equal part. */
  isExceeded(): boolean
  /** So many bytes more, or fewer, wait here. */
  add(bytes: number): void
  /** Gives back what is held. Twice is safe. */
  leave(): void
}

/** What may wait unread in all sessions together. Whoever holds more than an equal part is read no further first. */
export class InboundBudget {
  readonly #maxBytes: number
  readonly #onRoom = new Set<() => void>()
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** `onRoom` is called whenever all together hold no longer too much. */
  join(onRoom: () => void): BudgetShare {
    let ownBytes = 0
    this.#onRoom.add(onRoom)
    return {
      isExceeded: () => this.#usedBytes > this.#maxBytes && ownBytes > this.#maxBytes / this.#onRoom.size,
      add: (bytes) => {
        ownBytes += bytes
        this.#use(bytes)
      },
      leave: () => {
        this.#onRoom.delete(onRoom)
        this.#use(-ownBytes)
        ownBytes = 0
      },
    }
  }

  #use(bytes: number): void {
    const wasExceeded = this.#usedBytes > this.#maxBytes
    this.#usedBytes += bytes
    if (!wasExceeded || this.#usedBytes > this.#maxBytes) return
    for (const onRoom of this.#onRoom) onRoom()
  }
}
