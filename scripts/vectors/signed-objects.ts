import { digestOf } from '@parley/shared/hashes.ts'
import { Name } from '@parley/shared/ids.ts'
import { type AccountRecord, signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { type DeviceCertificate, signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { signDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { signRetirement } from '@parley/shared/signed/retirement.ts'
import { type Rotation, signRotation } from '@parley/shared/signed/rotation.ts'
import { type Json, toJson, type VectorFile } from './json.ts'
import {
  alice,
  alice2,
  alice3,
  aliceId,
  audience,
  bobsPeer,
  type KeyName,
  keyEntries,
  laptop,
  noon,
  phone,
  privateKey,
} from './keys.ts'

export const aliceName = Name.parse('alice')
const DAY = 24 * 60 * 60 * 1000

/** A Curve25519 public key in libsignal's form. Only its shape matters here: nothing is sealed with it. */
const signalIdentity = Buffer.concat([Buffer.of(5), Buffer.alloc(32, 0x51)]).toString('base64url')

export const toAlice2: Rotation = { v: 1, accountId: aliceId, from: alice.publicKey, to: alice2.publicKey }
export const toAlice3: Rotation = { v: 1, accountId: aliceId, from: alice2.publicKey, to: alice3.publicKey }

export const laptopOf = (accountKey: typeof alice.publicKey): DeviceCertificate => ({
  v: 1,
  accountId: aliceId,
  accountKey,
  deviceKey: laptop.publicKey,
  signalIdentity,
  issuedAt: noon,
})

export async function rotationChain(): Promise<[Jws, Jws]> {
  return [
    await signRotation(rest(toAlice2), privateKey('alice')),
    await signRotation(rest(toAlice3), privateKey('alice2')),
  ]
}

/** Every signing function writes `v` itself. */
export function rest<T extends { v: 1 }>(payload: T): Omit<T, 'v'> {
  const { v: _, ...others } = payload
  return others
}

export async function firstRecord(): Promise<AccountRecord> {
  const certificate = await signDeviceCertificate(rest(laptopOf(alice.publicKey)), privateKey('alice'))
  return {
    v: 1,
    aud: audience,
    accountId: aliceId,
    accountKey: alice.publicKey,
    rotations: [],
    name: aliceName,
    displayName: 'Alice',
    profile: {},
    devices: [certificate],
    revoked: [],
    seq: 1,
    prev: null,
    issuedAt: noon,
    expiresAt: noon + 365 * DAY,
  }
}

/** After two rotations, with two devices of which one is revoked. */
async function laterRecord(before: Jws): Promise<AccountRecord> {
  const onLaptop = laptopOf(alice3.publicKey)
  const onPhone = { ...onLaptop, deviceKey: phone.publicKey, issuedAt: noon + DAY }
  return {
    ...(await firstRecord()),
    accountKey: alice3.publicKey,
    rotations: await rotationChain(),
    displayName: 'Älice 🌱',
    profile: { statusText: 'On the road', avatar: digestOf('a picture') },
    devices: [
      await signDeviceCertificate(rest(onLaptop), privateKey('alice3')),
      await signDeviceCertificate(rest(onPhone), privateKey('alice3')),
    ],
    revoked: [phone.publicKey],
    seq: 7,
    prev: digestOf(before),
    issuedAt: noon + DAY,
  }
}

/** Says nothing of where she is, and all that a profile can hold. */
async function hiddenRecord(): Promise<AccountRecord> {
  const profile = { statusText: '"%_*" 280 '.padEnd(280, '.'), avatar: digestOf('another picture') }
  return { ...(await firstRecord()), displayName: 'A', profile, hidePresence: true }
}

/** Objects that verify, with the payload in the order in which it was signed. */
export async function signedObjects(): Promise<VectorFile> {
  const first = await firstRecord()
  const firstJws = await signAccountRecord(rest(first), privateKey('alice'))
  const later = await laterRecord(firstJws)
  const hidden = await hiddenRecord()
  const device = { v: 1 as const, aud: audience, accountId: aliceId, name: aliceName, deviceKey: laptop.publicKey }
  const statement = {
    v: 1 as const,
    aud: audience,
    accountId: aliceId,
    deviceKey: laptop.publicKey,
    endpoints: [
      { transport: 'tcp' as const, host: '192.0.2.7', port: 8000 },
      { transport: 'tcp' as const, host: '2001:db8::7', port: 65_535 },
    ],
    features: ['text'],
    seq: 3,
    issuedAt: noon,
  }
  const name = { v: 1 as const, aud: audience, accountId: aliceId, name: aliceName, seq: 8 }
  const retirement = { ...name, issuedAt: noon }
  const moved = { ...name, movedTo: Name.parse('alice.b'), issuedAt: noon }
  const heartbeat = { ...device, status: 'online' as const, n: 1 }
  const claim = { ...device, target: bobsPeer.publicKey, n: 2 }
  const upload = { ...device, prekeys: digestOf('{"v":1}'), n: 3 }
  const presence = { ...device, nonce: Buffer.alloc(16, 0x0e).toString('base64url') }
  const by = (key: KeyName) => privateKey(key)
  return {
    about: 'Signed objects that verify. Ed25519 is deterministic, so payload and key give exactly this JWS.',
    entries: [
      ...keyEntries(),
      signed('rotation', 'to the second key', 'alice', toAlice2, await signRotation(rest(toAlice2), by('alice'))),
      signed('rotation', 'to the third key', 'alice2', toAlice3, await signRotation(rest(toAlice3), by('alice2'))),
      {
        kind: 'rotations',
        name: 'from the first key to the third',
        accountId: aliceId,
        inForce: alice3.publicKey,
        rotations: await rotationChain(),
        keys: [alice.publicKey, alice2.publicKey, alice3.publicKey],
      },
      {
        kind: 'rotations',
        name: 'no rotation yet',
        accountId: aliceId,
        inForce: alice.publicKey,
        rotations: [],
        keys: [alice.publicKey],
      },
      signed('device-certificate', 'by the first key', 'alice', laptopOf(alice.publicKey), first.devices[0]),
      signed('account-record', 'the first one', 'alice', first, firstJws, {
        keys: [alice.publicKey],
        devices: [laptop.publicKey],
      }),
      signed(
        'account-record',
        'after two rotations',
        'alice3',
        later,
        await signAccountRecord(rest(later), by('alice3')),
        {
          keys: [alice.publicKey, alice2.publicKey, alice3.publicKey],
          devices: [laptop.publicKey],
        },
      ),
      signed(
        'account-record',
        'that hides its presence',
        'alice',
        hidden,
        await signAccountRecord(rest(hidden), privateKey('alice')),
        { keys: [alice.publicKey], devices: [laptop.publicKey] },
      ),
      signed(
        'device-statement',
        'two addresses',
        'laptop',
        statement,
        await signDeviceStatement(rest(statement), by('laptop')),
      ),
      signed('retirement', 'for good', 'alice', retirement, await signRetirement(rest(retirement), by('alice'))),
      signed('retirement', 'for another name', 'alice', moved, await signRetirement(rest(moved), by('alice'))),
      signed(
        'heartbeat',
        'online',
        'laptop',
        heartbeat,
        await signDeviceProof('heartbeat', rest(heartbeat), by('laptop')),
      ),
      signed(
        'claim',
        "of one of Bob's prekeys",
        'laptop',
        claim,
        await signDeviceProof('claim', rest(claim), by('laptop')),
      ),
      signed('upload', 'of a batch', 'laptop', upload, await signDeviceProof('upload', rest(upload), by('laptop'))),
      signed(
        'presence',
        'answer to a challenge',
        'laptop',
        presence,
        await signDeviceProof('presence', rest(presence), by('laptop')),
      ),
    ],
  }
}

/** `tells`: what verifying gives beside the payload. */
function signed(
  type: string,
  name: string,
  by: KeyName,
  payload: object,
  jws: Jws | undefined,
  tells: Record<string, Json> = {},
): { kind: string; [key: string]: Json } {
  if (jws === undefined) throw new Error('there is a JWS')
  return { kind: 'signed', type, name, by, payload: toJson(payload), jws, ...tells }
}
