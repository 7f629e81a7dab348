// A profile with a passphrase is encrypted with a random key, and only that key with the passphrase. From it each file and the
// database have a key of their own. sealed = nonce (12 bytes) ‖ AES-256-GCM ciphertext ‖ tag (16 bytes), in base64url.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { fromBase64url, toBase64url, utf8 } from '@parley/shared/bytes.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

export class ProfileKey {
  readonly #bytes: Uint8Array

  /** Of 32 bytes. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== KEY_BYTES) throw new RangeError(`a profile's key has ${KEY_BYTES} bytes`)
    this.#bytes = bytes
  }

  static random(): ProfileKey {
    return new ProfileKey(randomBytes(KEY_BYTES))
  }

  /** For the database of the profile. */
  get database(): Uint8Array {
    return this.#derive('database')
  }

  /** Under a key that serves this purpose only. */
  sealText(purpose: string, text: string): string {
    return seal(this.#derive(purpose), purpose, utf8(text))
  }

  /** Undefined when it is not what was sealed with this key for this purpose. */
  openText(purpose: string, sealed: string): string | undefined {
    const bytes = open(this.#derive(purpose), purpose, sealed)
    return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
  }

  /** Itself, for who knows `wrappingKey`. */
  wrap(wrappingKey: Uint8Array, context: string): string {
    return seal(wrappingKey, context, this.#bytes)
  }

  /** Undefined when the wrapping key is another one. */
  static unwrap(wrappingKey: Uint8Array, context: string, wrapped: string): ProfileKey | undefined {
    const bytes = open(wrappingKey, context, wrapped)
    return bytes?.length === KEY_BYTES ? new ProfileKey(bytes) : undefined
  }

  #derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#bytes, new Uint8Array(), `parley/1 ${purpose}`, KEY_BYTES))
  }
}

function seal(key: Uint8Array, context: string, bytes: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(utf8(context))
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()])
  return toBase64url(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]))
}

function open(key: Uint8Array, context: string, sealed: string): Uint8Array | undefined {
  const bytes = fromBase64url(sealed)
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(utf8(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
  try {
    return Buffer.concat([text, decipher.final()])
  } catch {
    return undefined
  }
}
