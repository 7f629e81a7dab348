// People with keys of their own, and everything they can sign. A person signs what it is asked to, also what is wrong.
import { randomBytes } from 'node:crypto'
import { toBase64url } from '@parley/shared/bytes.ts'
import { accountIdOf, digestOf } from '@parley/shared/hashes.ts'
import { type AccountId, AccountKey, DeviceKey, type Digest, Name } from '@parley/shared/ids.ts'
import { generateKeyPair, type KeyPair } from '@parley/shared/keys.ts'
import { type AccountRecord, signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { type DeviceStatement, signDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { OneTimePrekey, PrekeyBatch } from '@parley/shared/signed/prekeys.ts'
import { type Retirement, signRetirement } from '@parley/shared/signed/retirement.ts'
import { signRotation } from '@parley/shared/signed/rotation.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

export interface PersonOptions {
  readonly name: string
  /** `audienceOf` the directory's key. */
  readonly audience: Digest
  readonly now?: () => number
  /** An existing account, for a second name of it. */
  readonly account?: Person
}

export class Device {
  readonly key: KeyPair<DeviceKey> = generateKeyPair(DeviceKey)
  /** 33 bytes as libsignal writes a Curve25519 key; nothing here can check what it signs. */
  readonly signalIdentity = curveKey()
  #n = 0

  get id(): DeviceKey {
    return this.key.publicKey
  }

  nextNumber(): number {
    this.#n += 1
    return this.#n
  }
}

/** One account under one name: it remembers what was accepted, so that the next record follows. */
export class Person {
  readonly name: Name
  readonly audience: Digest
  readonly accountId: AccountId
  readonly devices: Device[]
  readonly #now: () => number
  #key: KeyPair<AccountKey>
  #rotations: Jws[] = []
  #seq = 0
  #prev: Digest | null = null

  constructor({ name, audience, now = Date.now, account }: PersonOptions) {
    this.name = Name.parse(name)
    this.audience = audience
    this.#now = now
    this.#key = account?.key ?? generateKeyPair(AccountKey)
    this.accountId = account?.accountId ?? accountIdOf(this.#key.publicKey)
    this.devices = account?.devices.slice() ?? [new Device()]
  }

  get key(): KeyPair<AccountKey> {
    return this.#key
  }

  get rotations(): readonly Jws[] {
    return this.#rotations
  }

  get device(): Device {
    const [device] = this.devices
    if (device === undefined) throw new Error('this person has no device')
    return device
  }

  /** The next record, signed by `signedBy` or the key in force. */
  async record(changes: Partial<AccountRecord> = {}, signedBy = this.#key.privateKey): Promise<Jws> {
    const now = this.#now()
    return signAccountRecord(
      {
        aud: this.audience,
        accountId: this.accountId,
        accountKey: this.#key.publicKey,
        rotations: this.#rotations,
        name: this.name,
        displayName: this.name.toUpperCase(),
        profile: {},
        devices: await Promise.all(this.devices.map((device) => this.certificate(device))),
        revoked: [],
        seq: this.#seq + 1,
        prev: this.#prev,
        issuedAt: now,
        expiresAt: now + YEAR_MS,
        ...changes,
      },
      signedBy,
    )
  }

  /** The directory accepted this record: the next one continues it. */
  accepted(record: Jws, seq = this.#seq + 1): void {
    this.#seq = seq
    this.#prev = digestOf(record)
  }

  certificate(device: Device): Promise<Jws> {
    return signDeviceCertificate(
      {
        accountId: this.accountId,
        accountKey: this.#key.publicKey,
        deviceKey: device.id,
        signalIdentity: device.signalIdentity,
        issuedAt: this.#now(),
      },
      this.#key.privateKey,
    )
  }

  /** Somebody who stole all that this person has now. */
  withSameKeys(): Person {
    const thief = new Person({ name: this.name, audience: this.audience, now: this.#now, account: this })
    thief.#rotations = this.#rotations
    thief.#seq = this.#seq
    thief.#prev = this.#prev
    return thief
  }

  /** Takes a new account key; the old one signs the hand-over. */
  async rotate(): Promise<void> {
    const next = generateKeyPair(AccountKey)
    const { publicKey: from, privateKey } = this.#key
    this.#rotations = [
      ...this.#rotations,
      await signRotation({ accountId: this.accountId, from, to: next.publicKey }, privateKey),
    ]
    this.#key = next
  }

  statement(changes: Partial<DeviceStatement> = {}, device = this.device): Promise<Jws> {
    return signDeviceStatement(
      {
        aud: this.audience,
        accountId: this.accountId,
        deviceKey: device.id,
        endpoints: [{ transport: 'tcp', host: '127.0.0.1', port: 8000 }],
        features: [],
        seq: changes.seq ?? device.nextNumber(),
        issuedAt: this.#now(),
        ...changes,
      },
      device.key.privateKey,
    )
  }

  retirement(changes: Partial<Retirement> = {}, signedBy = this.#key.privateKey): Promise<Jws> {
    return signRetirement(
      {
        aud: this.audience,
        accountId: this.accountId,
        name: this.name,
        seq: this.#seq + 1,
        issuedAt: this.#now(),
        ...changes,
      },
      signedBy,
    )
  }

  presenceProof(nonce: string, device = this.device, changes: { name?: Name; aud?: Digest } = {}): Promise<Jws> {
    return signDeviceProof('presence', { ...this.#proof(device), ...changes, nonce }, device.key.privateKey)
  }

  heartbeat(
    changes: { status?: 'online' | 'offline'; n?: number; name?: Name; aud?: Digest } = {},
    device = this.device,
  ): Promise<Jws> {
    const n = changes.n ?? device.nextNumber()
    const proof = { ...this.#proof(device), status: 'online' as const, ...changes, n }
    return signDeviceProof('heartbeat', proof, device.key.privateKey)
  }

  claim(target: DeviceKey, changes: { n?: number; aud?: Digest } = {}, device = this.device): Promise<Jws> {
    const n = changes.n ?? device.nextNumber()
    return signDeviceProof('claim', { ...this.#proof(device), target, ...changes, n }, device.key.privateKey)
  }

  upload(prekeys: string, changes: { n?: number; name?: Name } = {}, device = this.device): Promise<Jws> {
    const n = changes.n ?? device.nextNumber()
    const proof = { ...this.#proof(device), prekeys: digestOf(prekeys), ...changes, n }
    return signDeviceProof('upload', proof, device.key.privateKey)
  }

  #proof(device: Device) {
    return { aud: this.audience, accountId: this.accountId, name: this.name, deviceKey: device.id }
  }
}

/** Prekeys of the right shape; the one-time pairs have the ids `firstId`, `firstId + 1` … */
export function prekeyBatch(count: number, firstId = 1): PrekeyBatch {
  return {
    v: 1,
    registrationId: 1234,
    signed: { id: 1, publicKey: curveKey(), signature: signature() },
    lastResort: { id: 0xff_ff_ff, publicKey: kyberKey(), signature: signature() },
    oneTime: Array.from({ length: count }, (_, index) => oneTimePrekey(firstId + index)),
  }
}

function oneTimePrekey(id: number): OneTimePrekey {
  return {
    curve: { id, publicKey: curveKey() },
    kyber: { id, publicKey: kyberKey(), signature: signature() },
  }
}

function curveKey(): string {
  return toBase64url(Buffer.concat([Buffer.of(5), randomBytes(32)]))
}

function kyberKey(): string {
  return toBase64url(Buffer.concat([Buffer.of(8), randomBytes(1568)]))
}

function signature(): string {
  return toBase64url(randomBytes(64))
}
