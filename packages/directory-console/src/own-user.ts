import { randomBytes } from 'node:crypto'
import { toBase64url } from '@parley/shared/bytes.ts'
import { accountIdOf, audienceOf } from '@parley/shared/hashes.ts'
import { type AccountId, AccountKey, DeviceKey, Digest, type DirectoryKey, Name } from '@parley/shared/ids.ts'
import { exportPrivateKey, generateKeyPair, importPrivateKey, type KeyPair, keyPairOf } from '@parley/shared/keys.ts'
import { RECORD_LIFETIME_MS } from '@parley/shared/limits.ts'
import { signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { signRetirement } from '@parley/shared/signed/retirement.ts'
import { z } from 'zod'

/** The directory refuses what lives longer than the lifetime by its own clock, and ours may be ahead by days. */
const CLOCK_MARGIN_MS = 7 * 24 * 60 * 60 * 1000

/** What the directory accepted last under the name. */
export const Accepted = z.strictObject({ seq: z.int().nonnegative(), digest: Digest.nullable() })
export type Accepted = z.infer<typeof Accepted>

/** What is kept of a user, in a file. */
export const OwnUserFile = z.strictObject({
  v: z.literal(1),
  name: Name,
  accountPrivateKey: z.string().max(256),
  devicePrivateKey: z.string().max(256),
  /** Nobody can write to a user of this console, so the private half was thrown away. */
  signalIdentity: z.string().regex(/^B[A-Za-z0-9_-]{43}$/),
  accepted: Accepted,
})
export type OwnUserFile = z.infer<typeof OwnUserFile>

interface RecordWords {
  readonly displayName: string
  readonly statusText: string
}

/** A user of this console at one directory: the keys, and what they sign. */
export class OwnUser {
  readonly name: Name
  readonly accountId: AccountId
  readonly accepted: Accepted
  readonly #audience: Digest
  readonly #account: KeyPair<AccountKey>
  readonly #device: KeyPair<DeviceKey>
  readonly #signalIdentity: string

  /** Throws when the keys in the file are none. */
  constructor(file: OwnUserFile, directoryKey: DirectoryKey) {
    this.name = file.name
    this.accepted = file.accepted
    this.#audience = audienceOf(directoryKey)
    this.#account = keyPairOf(AccountKey, importPrivateKey(file.accountPrivateKey))
    this.#device = keyPairOf(DeviceKey, importPrivateKey(file.devicePrivateKey))
    this.#signalIdentity = file.signalIdentity
    this.accountId = accountIdOf(this.#account.publicKey)
  }

  /** New keys; nothing is written. */
  static make(name: Name): OwnUserFile {
    return {
      v: 1,
      name,
      accountPrivateKey: exportPrivateKey(generateKeyPair(AccountKey).privateKey),
      devicePrivateKey: exportPrivateKey(generateKeyPair(DeviceKey).privateKey),
      signalIdentity: toBase64url(Buffer.concat([Buffer.of(5), randomBytes(32)])),
      accepted: { seq: 0, digest: null },
    }
  }

  /** The record that follows the one that was accepted last. */
  async record({ displayName, statusText }: RecordWords, { seq, digest }: Accepted, now: number): Promise<Jws> {
    const certificate = await signDeviceCertificate(
      {
        accountId: this.accountId,
        accountKey: this.#account.publicKey,
        deviceKey: this.#device.publicKey,
        signalIdentity: this.#signalIdentity,
        issuedAt: now,
      },
      this.#account.privateKey,
    )
    return signAccountRecord(
      {
        aud: this.#audience,
        accountId: this.accountId,
        accountKey: this.#account.publicKey,
        rotations: [],
        name: this.name,
        displayName,
        profile: statusText === '' ? {} : { statusText },
        devices: [certificate],
        revoked: [],
        seq: seq + 1,
        prev: digest,
        issuedAt: now,
        expiresAt: now + RECORD_LIFETIME_MS - CLOCK_MARGIN_MS,
      },
      this.#account.privateKey,
    )
  }

  retirement(seq: number, movedTo: Name | undefined, now: number): Promise<Jws> {
    const retirement = { aud: this.#audience, accountId: this.accountId, name: this.name, seq, issuedAt: now }
    return signRetirement({ ...retirement, ...(movedTo !== undefined && { movedTo }) }, this.#account.privateKey)
  }

  presenceProof(nonce: string): Promise<Jws> {
    const device = {
      aud: this.#audience,
      accountId: this.accountId,
      name: this.name,
      deviceKey: this.#device.publicKey,
    }
    return signDeviceProof('presence', { ...device, nonce }, this.#device.privateKey)
  }
}
