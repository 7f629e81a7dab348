import { randomBytes } from 'node:crypto'

const POOL_BYTES = 8_192

/** Random bytes in small pieces at a small price: the system is asked for many at once. No byte is given twice. */
export class RandomPool {
  #pool = Buffer.alloc(0)
  #used = 0

  /** At most POOL_BYTES. The bytes are the caller's. */
  readonly take = (size: number): Uint8Array => {
    if (this.#used + size > this.#pool.length) {
      this.#pool = randomBytes(POOL_BYTES)
      this.#used = 0
    }
    const bytes = this.#pool.subarray(this.#used, this.#used + size)
    this.#used += size
    return bytes
  }
}
