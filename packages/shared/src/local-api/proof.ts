// The daemon shows that it knows the token before a client tells it: whoever took its port while it was stopped learns nothing.
import { z } from 'zod'

/** 32 bytes, in hexadecimal. */
const Hex32 = z.string().regex(/^[0-9a-f]{64}$/)

/** `GET /api/v1/proof?nonce=`, which needs no token. */
export const ProofQuery = z.strictObject({ nonce: Hex32 })
/** `proof`: HMAC-SHA256 of `provenText` under the token as UTF-8. */
export const Proof = z.object({ proof: Hex32 })
export type Proof = z.infer<typeof Proof>

/** `host` is the address at which the daemon listens: a program at another port cannot pass on what the daemon says of its own. */
export function provenText(host: string, nonce: string): string {
  return `parley/1 local API\0${host}\0${nonce}`
}
