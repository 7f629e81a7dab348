// Writes CBOR by hand, for the one format of which there are hundreds in every bundle. Shortest heads (RFC 8949 section 4.2.1).

const MAJOR_BYTES = 2
const MAJOR_TEXT = 3
const MAJOR_ARRAY = 4
const MAJOR_MAP = 5

/** The longest head of an item. */
export const MAX_HEAD_BYTES = 9

export class CborWriter {
  readonly #bytes: Buffer
  #at = 0

  /** `size`: at least what will be written. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  map(entries: number): void {
    this.#head(MAJOR_MAP, entries)
  }

  array(items: number): void {
    this.#head(MAJOR_ARRAY, items)
  }

  uint(value: number): void {
    this.#head(0, value)
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xf5 : 0xf4)
  }

  /** ASCII. */
  text(value: string): void {
    this.#head(MAJOR_TEXT, value.length)
    for (let index = 0; index < value.length; index += 1) this.#byte(value.charCodeAt(index))
  }

  bytes(value: Uint8Array): void {
    this.#head(MAJOR_BYTES, value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  #head(major: number, argument: number): void {
    const type = major << 5
    if (argument < 24) {
      this.#byte(type | argument)
      return
    }
    const sizeCode = argument < 0x100 ? 0 : argument < 0x1_0000 ? 1 : argument < 0x1_0000_0000 ? 2 : 3
    this.#byte(type | (24 + sizeCode))
    // Bits are shifted in 32 bits only.
    let rest = argument
    const end = this.#at + (1 << sizeCode)
    for (let at = end - 1; at >= this.#at; at -= 1) {
      this.#bytes[at] = rest % 0x100
      rest = Math.floor(rest / 0x100)
    }
    this.#at = end
  }

  #byte(value: number): void {
    this.#bytes[this.#at] = value
    this.#at += 1
  }
}
