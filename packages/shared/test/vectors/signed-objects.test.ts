import { createPrivateKey, type KeyObject } from 'node:crypto'
import { audienceOf } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, DirectoryKey } from '@parley/shared/ids.ts'
import { keyPairOf } from '@parley/shared/keys.ts'
import { AccountRecord, signAccountRecord, verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import {
  DeviceCertificate,
  signDeviceCertificate,
  verifyDeviceCertificate,
} from '@parley/shared/signed/device-certificate.ts'
import {
  Heartbeat,
  PrekeyClaim,
  PrekeyUpload,
  PresenceProof,
  signDeviceProof,
  verifyDeviceProof,
} from '@parley/shared/signed/device-proof.ts'
import { DeviceStatement, signDeviceStatement, verifyDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import { Jws, verifyObject } from '@parley/shared/signed/jws.ts'
import { Retirement, signRetirement, verifyRetirement } from '@parley/shared/signed/retirement.ts'
import { Rotation, signRotation, verifyRotations } from '@parley/shared/signed/rotation.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { errorOf, Hex, readVectors } from './read-vectors.ts'

const Type = z.enum([
  'rotation',
  'device-certificate',
  'account-record',
  'device-statement',
  'retirement',
  'heartbeat',
  'claim',
  'upload',
  'presence',
])
type Type = z.infer<typeof Type>

const chain = { name: z.string(), accountId: AccountId, inForce: AccountKey, rotations: z.array(Jws) }
const Key = z.strictObject({ kind: z.literal('key'), name: z.string(), seed: Hex, publicKey: z.string() })
const Signed = z.strictObject({
  kind: z.literal('signed'),
  type: Type,
  name: z.string(),
  by: z.string(),
  payload: z.looseObject({ v: z.literal(1) }),
  jws: Jws,
  keys: z.array(AccountKey).optional(),
  devices: z.array(DeviceKey).optional(),
})
const Rotations = z.strictObject({ kind: z.literal('rotations'), ...chain, keys: z.array(AccountKey) })
const SignedEntry = z.discriminatedUnion('kind', [Key, Signed, Rotations])

const RefusedEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('refused'),
    type: Type,
    name: z.string(),
    accountKey: AccountKey.optional(),
    jws: z.string(),
    error: z.string(),
  }),
  z.strictObject({ kind: z.literal('refused-rotations'), ...chain, error: z.string() }),
])

const entries = readVectors('signed-objects.json', SignedEntry)
const keys = new Map(
  entries.filter((entry) => entry.kind === 'key').map(({ name, seed, publicKey }) => [name, { seed, publicKey }]),
)
const audience = audienceOf(DirectoryKey.parse(keys.get('directory')?.publicKey))

/** From the seed of RFC 8032 (PKCS #8 as in RFC 8410). */
function privateKey(name: string): KeyObject {
  const { seed } = keys.get(name) ?? { seed: Buffer.alloc(0) }
  const key = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** Signs a payload as the code of its type does: each writes `v` itself, first. */
function sign(type: Type, payload: unknown, key: KeyObject): Promise<Jws> {
  const read = <T extends { v: 1 }>(schema: z.ZodType<T>): Omit<T, 'v'> => {
    const { v: _, ...rest } = schema.parse(payload)
    return rest
  }
  switch (type) {
    case 'rotation':
      return signRotation(read(Rotation), key)
    case 'device-certificate':
      return signDeviceCertificate(read(DeviceCertificate), key)
    case 'account-record':
      return signAccountRecord(read(AccountRecord), key)
    case 'device-statement':
      return signDeviceStatement(read(DeviceStatement), key)
    case 'retirement':
      return signRetirement(read(Retirement), key)
    case 'heartbeat':
      return signDeviceProof(type, read(Heartbeat), key)
    case 'claim':
      return signDeviceProof(type, read(PrekeyClaim), key)
    case 'upload':
      return signDeviceProof(type, read(PrekeyUpload), key)
    case 'presence':
      return signDeviceProof(type, read(PresenceProof), key)
  }
}

/** What verifying tells. */
async function verify(type: Type, jws: string, signer: string): Promise<object> {
  switch (type) {
    case 'rotation':
      return { payload: await verifyObject('parley-rotation+jws', Rotation, jws, () => signer) }
    case 'device-certificate':
      return { payload: await verifyDeviceCertificate(jws) }
    case 'account-record': {
      const { record, keys: known, devices } = await verifyAccountRecord(jws, audience)
      return { payload: record, keys: known, devices: devices.map(({ deviceKey }) => deviceKey) }
    }
    case 'device-statement':
      return { payload: await verifyDeviceStatement(jws, audience) }
    case 'retirement':
      return { payload: await verifyRetirement(jws, audience, AccountKey.parse(signer)) }
    case 'heartbeat':
    case 'claim':
    case 'upload':
    case 'presence':
      return { payload: await verifyDeviceProof(type, jws, audience) }
  }
}

describe('the vectors of signed objects', () => {
  test.each(entries.filter((entry) => entry.kind === 'key'))('the key $name has this public half', (entry) => {
    expect(keyPairOf(z.string(), privateKey(entry.name)).publicKey).toBe(entry.publicKey)
  })

  test.each(entries.filter((entry) => entry.kind === 'signed'))(
    '$type, $name: signs to this and verifies',
    async (entry) => {
      const { type, by, payload, jws, keys: known, devices } = entry
      expect(await sign(type, payload, privateKey(by))).toBe(jws)
      const tells = known === undefined ? { payload } : { payload, keys: known, devices }
      expect(await verify(type, jws, keys.get(by)?.publicKey ?? '')).toEqual(tells)
    },
  )

  test.each(entries.filter((entry) => entry.kind === 'rotations'))(
    'rotations, $name: lead to the key in force',
    async (entry) => {
      expect(await verifyRotations(entry.accountId, entry.inForce, entry.rotations)).toEqual(entry.keys)
    },
  )

  test.each(readVectors('refused-objects.json', RefusedEntry))('$kind, $name: $error', async (entry) => {
    const run =
      entry.kind === 'refused'
        ? () => verify(entry.type, entry.jws, entry.accountKey ?? '')
        : () => verifyRotations(entry.accountId, entry.inForce, entry.rotations)
    expect(await errorOf(run)).toBe(entry.error)
  })
})
