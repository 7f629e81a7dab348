// The certificate only carries the device key into TLS (RFC 8446 section 4.4.2). It is self-signed, the same at every start,
// and tells nothing else: no name, no date of installation. Trust comes from the device certificate in the hello.
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { TLS_OPTIONS } from './tls-options.ts'

/** What both sides of a handshake show; the same context serves every link. */
export type TlsCredentials = SecureContext

// A certificate (RFC 5280 section 4.1, Ed25519 by RFC 8410) in which only the key and the signature differ between devices: all
// that is signed is `BEFORE_KEY`, 32 bytes of key, `AFTER_KEY`. A library that writes any
// certificate was a quarter of all the code that a peer loads at its start.
const BEFORE_KEY = hex(
  '308187', // to be signed, 135 bytes
  'a003020102 020101 300506032b6570', // version 3, serial number 1, Ed25519
  '3011310f300d06035504031306 7061726c6579', // issuer CN=parley
  // Nobody's clock may keep two peers apart: from 2000-01-01 to what RFC 5280 section 4.1.2.5 calls no well-defined expiration date.
  '3020 170d3030303130313030303030305a 180f39393939313233313233353935395a',
  '3011310f300d06035504031306 7061726c6579', // subject CN=parley
  '302a 300506032b6570 032100', // an Ed25519 key, 32 bytes
)
const AFTER_KEY = hex('a3023000') // no extensions
const WHOLE = hex('3081d4') // 212 bytes: what is signed, how, and the signature
const BEFORE_SIGNATURE = hex('300506032b6570 034100') // Ed25519, 64 bytes

/** TLS credentials over the device key; made once per process. */
export function createTlsCredentials(deviceKey: KeyObject): TlsCredentials {
  const key = deviceKey.export({ format: 'pem', type: 'pkcs8' })
  return createSecureContext({ ...TLS_OPTIONS, key, cert: selfSign(deviceKey) })
}

/** The certificate, in PEM. */
export function selfSign(deviceKey: KeyObject): string {
  const { x = '' } = createPublicKey(deviceKey).export({ format: 'jwk' })
  const signed = Buffer.concat([BEFORE_KEY, Buffer.from(x, 'base64url'), AFTER_KEY])
  const certificate = Buffer.concat([WHOLE, signed, BEFORE_SIGNATURE, sign(null, signed, deviceKey)])
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function hex(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
}
