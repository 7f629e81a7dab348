// Accounts with real keys, and what they sign: the directory of the product checks every signature.
import { randomBytes } from 'node:crypto'
import { toBase64url } from '@parley/shared/bytes.ts'
import { accountIdOf, audienceOf } from '@parley/shared/hashes.ts'
import { type AccountId, AccountKey, DeviceKey, type Digest, DirectoryKey, Name } from '@parley/shared/ids.ts'
import { generateKeyPair, type KeyPair } from '@parley/shared/keys.ts'
import { signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { signDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

export interface Person {
  readonly name: Name
  readonly accountId: AccountId
  readonly devices: readonly KeyPair<DeviceKey>[]
  readonly record: Jws
}

/** An account of a directory with this audience, and the first record of it. */
export async function newPerson(typed: string, audience: Digest, deviceCount = 1): Promise<Person> {
  const name = Name.parse(typed)
  const { publicKey: accountKey, privateKey } = generateKeyPair(AccountKey)
  const accountId = accountIdOf(accountKey)
  const devices = Array.from({ length: deviceCount }, () => generateKeyPair(DeviceKey))
  const issuedAt = Date.now()
  const certificates = devices.map(({ publicKey: deviceKey }) =>
    signDeviceCertificate({ accountId, accountKey, deviceKey, signalIdentity: curveKey(), issuedAt }, privateKey),
  )
  const record = await signAccountRecord(
    {
      aud: audience,
      accountId,
      accountKey,
      rotations: [],
      name,
      displayName: name,
      profile: {},
      devices: await Promise.all(certificates),
      revoked: [],
      seq: 1,
      prev: null,
      issuedAt,
      expiresAt: issuedAt + YEAR_MS - DAY_MS,
    },
    privateKey,
  )
  return { name, accountId, devices, record }
}

export function statementOf({ accountId }: Person, device: KeyPair<DeviceKey>, audience: Digest): Promise<Jws> {
  const endpoints = [{ transport: 'tcp' as const, host: '127.0.0.1', port: 8000 }]
  const said = { aud: audience, accountId, deviceKey: device.publicKey, endpoints, features: [], seq: 1 }
  return signDeviceStatement({ ...said, issuedAt: Date.now() }, device.privateKey)
}

export function presenceProof(
  { name, accountId }: Person,
  device: KeyPair<DeviceKey>,
  audience: Digest,
  nonce: string,
): Promise<Jws> {
  return signDeviceProof(
    'presence',
    { aud: audience, accountId, name, deviceKey: device.publicKey, nonce },
    device.privateKey,
  )
}

/** `aud` of all that is signed for the directory at this port. */
export async function audienceAt(port: number): Promise<Digest> {
  const response = await fetch(`http://127.0.0.1:${port}/v1`)
  const info: unknown = await response.json()
  if (typeof info !== 'object' || info === null || !('directoryKey' in info)) throw new TypeError('not a directory')
  return audienceOf(DirectoryKey.parse(info.directoryKey))
}

/** Throws unless the directory at this port accepts it. */
export async function register(port: number, { name, record }: Person): Promise<void> {
  await put(port, `/v1/users/${name}`, { record })
}

export async function put(port: number, path: string, body: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`PUT ${path} was answered ${response.status}: ${text}`)
}

/** 33 bytes as libsignal writes a Curve25519 key; the directory does not look into them. */
function curveKey(): string {
  return toBase64url(Buffer.concat([Buffer.of(5), randomBytes(32)]))
}
