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
    this.#at = this.#bytes.writeUInt8(value ? 0xf5 : 0xf4, this.#at)
  }

  /** ASCII. */
  text(value: string): void {
    this.#head(MAJOR_TEXT, value.length)
    this.#at += this.#bytes.write(value, this.#at, 'latin1')
  }

  bytes(value: Uint8Array): void {
    this.#head(MAJOR_BYTES, value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  #head(major: number, argument: number): void {
    const type = major << 5
    if (argument < 24) {
      this.#at = this.#bytes.writeUInt8(type | argument, this.#at)
    } else if (argument < 0x100) {
      this.#at = this.#bytes.writeUInt8(type | 24, this.#at)
      this.#at = this.#bytes.writeUInt8(argument, this.#at)
    } else if (argument < 0x1_0000) {
      this.#at = this.#bytes.writeUInt8(type | 25, this.#at)
      this.#at = this.#bytes.writeUInt16BE(argument, this.#at)
    } else if (argument < 0x1_0000_0000) {
      this.#at = this.#bytes.writeUInt8(type | 26, this.#at)
      this.#at = this.#bytes.writeUInt32BE(argument, this.#at)
    } else {
      this.#at = this.#bytes.writeUInt8(type | 27, this.#at)
      this.#at = this.#bytes.writeUInt32BE(Math.floor(argument / 0x1_0000_0000), this.#at)
      this.#at = this.#bytes.writeUInt32BE(argument % 0x1_0000_0000, this.#at)
    }
  }
}
