import { Buffer } from 'node:buffer'

/** Base64url without padding (RFC 4648 section 5), the text form of every key, hash and id. */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** Trusts its input: text from outside goes through a schema of `ids.ts` first. */
export function fromBase64url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url')
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

export function isEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** An unsigned 64-bit big-endian integer; the only number format that is ever hashed. */
export function uint64(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), 0)
  bytes.writeUInt32BE(value % 2 ** 32, 4)
  return bytes
}
