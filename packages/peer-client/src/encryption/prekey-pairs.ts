import { toBase64url } from '@parley/shared/bytes.ts'
import type { OneTimePrekey, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import {
  KEMKeyPair,
  KyberPreKeyRecord,
  PreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
} from '@signalapp/libsignal-client'

/** A prekey: what others get, and what is kept. */
export interface PrekeyPair<Public> {
  readonly public: Public
  /** libsignal's serialised form, with the private half. */
  readonly record: Uint8Array
}

type CurvePrekey = OneTimePrekey['curve']
type SignedPrekey = PrekeyBundle['signed']
type KyberPrekey = PrekeyBundle['kyber']

export function makeCurvePrekey(id: number): PrekeyPair<CurvePrekey> {
  const privateKey = PrivateKey.generate()
  const publicKey = privateKey.getPublicKey()
  return {
    public: { id, publicKey: toBase64url(publicKey.serialize()) },
    record: PreKeyRecord.new(id, publicKey, privateKey).serialize(),
  }
}

export function makeSignedPrekey(id: number, madeAt: number, identity: PrivateKey): PrekeyPair<SignedPrekey> {
  const privateKey = PrivateKey.generate()
  const publicKey = privateKey.getPublicKey()
  const signature = identity.sign(publicKey.serialize())
  const record = SignedPreKeyRecord.new(id, madeAt, publicKey, privateKey, signature).serialize()
  return { public: readSignedPrekey(record), record }
}

export function makeKyberPrekey(id: number, madeAt: number, identity: PrivateKey): PrekeyPair<KyberPrekey> {
  const pair = KEMKeyPair.generate()
  const signature = identity.sign(pair.getPublicKey().serialize())
  const record = KyberPreKeyRecord.new(id, madeAt, pair, signature).serialize()
  return { public: readKyberPrekey(record), record }
}

/** The public half of a stored record. */
export function readSignedPrekey(record: Uint8Array<ArrayBuffer>): SignedPrekey {
  const signed = SignedPreKeyRecord.deserialize(record)
  return {
    id: signed.id(),
    publicKey: toBase64url(signed.publicKey().serialize()),
    signature: toBase64url(signed.signature()),
  }
}

/** The public half of a stored record. */
export function readKyberPrekey(record: Uint8Array<ArrayBuffer>): KyberPrekey {
  const kyber = KyberPreKeyRecord.deserialize(record)
  return {
    id: kyber.id(),
    publicKey: toBase64url(kyber.publicKey().serialize()),
    signature: toBase64url(kyber.signature()),
  }
}
