import { createHash } from 'node:crypto'
import { toBase64url } from '@parley/shared/bytes.ts'

/** Each message of a request needs a key of its own, and the same one when the request is repeated. */
export function keyFor(key: string, part: string): string {
  return toBase64url(createHash('sha256').update(`${key}\0${part}`).digest())
}
