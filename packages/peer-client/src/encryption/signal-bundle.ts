import { fromBase64url } from '@parley/shared/bytes.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { KEMPublicKey, PreKeyBundle, PublicKey } from '@signalapp/libsignal-client'
import { nativeBytes } from './native-bytes.ts'

/** Parley tells devices apart by their keys, so in libsignal's addresses each is device 1 of its own name. */
export const SIGNAL_DEVICE_ID = 1

/**
 * The bundle in libsignal's form, with `certified` as the identity that must have signed it: a bundle carries none of its own.
 * Throws what libsignal throws when a key is no key.
 */
export function toSignalBundle(bundle: PrekeyBundle, certified: string): PreKeyBundle {
  const { registrationId, signed, curve, kyber } = bundle
  return PreKeyBundle.new(
    registrationId,
    SIGNAL_DEVICE_ID,
    curve === undefined ? null : curve.id,
    curve === undefined ? null : curveKey(curve.publicKey),
    signed.id,
    curveKey(signed.publicKey),
    bytesOf(signed.signature),
    curveKey(certified),
    kyber.id,
    KEMPublicKey.deserialize(bytesOf(kyber.publicKey)),
    bytesOf(kyber.signature),
  )
}

function curveKey(text: string): PublicKey {
  return PublicKey.deserialize(bytesOf(text))
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return nativeBytes(fromBase64url(text))
}
