// A self-signed Ed25519 certificate, by hand (RFC 5280 section 4.1, RFC 8410): what a client needs to come as somebody.
import { createPublicKey, type KeyObject, sign } from 'node:crypto'

const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OBJECT_ID = 0x06
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17

const ED25519 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2b6570', 'hex')))
const COMMON_NAME = der(OBJECT_ID, Buffer.from('550403', 'hex'))
const NAME = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('stranger')))))
const VALIDITY = der(SEQUENCE, utcTime('200101000000Z'), utcTime('491231235959Z'))

/** The certificate, in PEM. */
export function selfSigned(key: KeyObject): string {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const serial = der(INTEGER, Buffer.of(1))
  const unsigned = der(SEQUENCE, serial, ED25519, NAME, VALIDITY, NAME, publicKey)
  const signature = der(BIT_STRING, Buffer.of(0), sign(undefined, unsigned, key))
  const base64 = der(SEQUENCE, unsigned, ED25519, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}

function utcTime(text: string): Buffer {
  return der(UTC_TIME, Buffer.from(text))
}

/** Tag, length, contents. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts)
  const { length } = contents
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), contents])
}
