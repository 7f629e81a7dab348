import { randomInt } from 'node:crypto'
import { fromBase64url, toBase64url } from '@parley/shared/bytes.ts'
import { IdentityKeyPair, PrivateKey } from '@signalapp/libsignal-client'
import { nativeBytes } from './native-bytes.ts'
import { RatchetError } from './ratchet-error.ts'

/** What the profile keeps; `publicKey` is what the device certificate names. */
export interface SignalIdentity {
  /** Base64url of type byte 5 and the Curve25519 point, 44 characters. */
  readonly publicKey: string
  /** Base64url of the 32-byte scalar, 43 characters. */
  readonly privateKey: string
  /** 1 to 16,383: tells two installations apart in libsignal's own messages. */
  readonly registrationId: number
}

const FIRST_REGISTRATION_ID = 1
const LAST_REGISTRATION_ID = 0x3f_ff

export function generateSignalIdentity(): SignalIdentity {
  const { publicKey, privateKey } = IdentityKeyPair.generate()
  return {
    publicKey: toBase64url(publicKey.serialize()),
    privateKey: toBase64url(privateKey.serialize()),
    registrationId: randomInt(FIRST_REGISTRATION_ID, LAST_REGISTRATION_ID + 1),
  }
}

/** Throws RatchetError `bad-identity` when the halves do not belong together: what they would sign, nobody would accept. */
export function identityKeyPairOf(identity: SignalIdentity): IdentityKeyPair {
  let pair: IdentityKeyPair
  try {
    const privateKey = PrivateKey.deserialize(nativeBytes(fromBase64url(identity.privateKey)))
    pair = new IdentityKeyPair(privateKey.getPublicKey(), privateKey)
  } catch (cause) {
    throw new RatchetError('bad-identity', 'the private key of the Signal identity cannot be read', { cause })
  }
  if (toBase64url(pair.publicKey.serialize()) !== identity.publicKey) {
    throw new RatchetError('bad-identity', 'the public key of the Signal identity is not that of its private key')
  }
  return pair
}
