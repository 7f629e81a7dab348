// A closed network: peers that know one secret let in nobody who does not. What travels is not the secret but a proof of it, made
// for this pair of devices and this direction, so that whoever happens to answer a dial can neither read the secret nor use the
// proof anywhere else. TLS has shown by then that both keys are the right ones.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { z } from 'zod'

/** Short ones could be guessed from a proof. */
const NetworkToken = z.string().regex(/^[\x21-\x7e]{16,512}$/)

/** The token itself. Throws RangeError, without the token in its words. */
export function checkNetworkToken<T extends string | undefined>(token: T): T {
  if (token === undefined || NetworkToken.safeParse(token).success) return token
  throw new RangeError('a network token is 16 to 512 visible ASCII characters without spaces')
}

/** HMAC-SHA256 (RFC 2104) under the token over the keys of who speaks and who listens, in base64url. */
export function networkProof(token: string, from: DeviceKey, to: DeviceKey): string {
  return createHmac('sha256', token).update(`parley/1 network\0${from}\0${to}`).digest('base64url')
}

export function isNetworkProof(proof: string | undefined, token: string, from: DeviceKey, to: DeviceKey): boolean {
  const expected = Buffer.from(networkProof(token, from, to))
  const given = Buffer.from(proof ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
