// The people of the vectors. Their private keys are no secret: each is 32 times the same byte (the seed of RFC 8032).
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { accountIdOf, audienceOf } from '@parley/shared/hashes.ts'
import { AccountKey, DeviceKey, DirectoryKey, Epoch } from '@parley/shared/ids.ts'
import { keyPairOf } from '@parley/shared/keys.ts'
import { Jws } from '@parley/shared/signed/jws.ts'
import { hex, type Json } from './json.ts'

/** PKCS #8 in front of an Ed25519 seed (RFC 8410 section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function seedOf(byte: number): Buffer {
  return Buffer.alloc(32, byte)
}

function privateKeyOf(byte: number): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seedOf(byte)]), format: 'der', type: 'pkcs8' })
}

export const alice = keyPairOf(AccountKey, privateKeyOf(1))
/** Alice's second and third account key, after rotations. */
export const alice2 = keyPairOf(AccountKey, privateKeyOf(2))
export const alice3 = keyPairOf(AccountKey, privateKeyOf(3))
export const bob = keyPairOf(AccountKey, privateKeyOf(4))
export const laptop = keyPairOf(DeviceKey, privateKeyOf(11))
export const phone = keyPairOf(DeviceKey, privateKeyOf(12))
export const bobsPeer = keyPairOf(DeviceKey, privateKeyOf(13))
export const directory = keyPairOf(DirectoryKey, privateKeyOf(21))
export const otherDirectory = keyPairOf(DirectoryKey, privateKeyOf(22))

export const aliceId = accountIdOf(alice.publicKey)
export const bobId = accountIdOf(bob.publicKey)
export const audience = audienceOf(directory.publicKey)
export const epoch = Epoch.parse(Buffer.alloc(16, 0xe1).toString('base64url'))
export const otherEpoch = Epoch.parse(Buffer.alloc(16, 0xe2).toString('base64url'))
/** 21 November 2026, noon UTC. */
export const noon = Date.UTC(2026, 10, 21, 12)

const NAMES = { alice, alice2, alice3, bob, laptop, phone, bobsPeer, directory, otherDirectory } as const
export type KeyName = keyof typeof NAMES

const SEEDS: Readonly<Record<KeyName, number>> = {
  alice: 1,
  alice2: 2,
  alice3: 3,
  bob: 4,
  laptop: 11,
  phone: 12,
  bobsPeer: 13,
  directory: 21,
  otherDirectory: 22,
}

export function keyEntries(): { kind: string; [key: string]: Json }[] {
  return Object.entries(NAMES).map(([name, { publicKey }]) => {
    const seed = Object.entries(SEEDS).find(([key]) => key === name)?.[1] ?? 0
    return { kind: 'key', name, seed: hex(seedOf(seed)), publicKey }
  })
}

export function privateKey(name: KeyName): KeyObject {
  return NAMES[name].privateKey
}

/** A JWS of any header and payload, as a forger makes it. */
export function rawJws(header: object | string, payload: object | string, key: KeyObject): Jws {
  const encode = (part: object | string): string =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  const signed = `${encode(header)}.${encode(payload)}`
  return Jws.parse(`${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`)
}
