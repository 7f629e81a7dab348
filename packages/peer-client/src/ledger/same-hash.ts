import { isEqualBytes } from '@parley/shared/bytes.ts'

/** False when either is not known. */
export function isSameHash(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a !== null && b !== null && isEqualBytes(a, b)
}
