import { isDeepStrictEqual } from 'node:util'
import { digestOf } from '@parley/shared/hashes.ts'
import type { Digest } from '@parley/shared/ids.ts'
import { MAX_DEVICES, MAX_REVOKED_DEVICES, RECORD_LIFETIME_MS } from '@parley/shared/limits.ts'
import { type AccountRecord, Profile, type VerifiedAccount } from '@parley/shared/signed/account-record.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { verifyRotations } from '@parley/shared/signed/rotation.ts'
import type { z } from 'zod'
import type { Identity } from '#identity/identity.ts'
import { DirectoryError } from './directory-error.ts'

/** The directory refuses what lives longer than the lifetime by its own clock, and ours may be ahead by days. */
const CLOCK_MARGIN_MS = 7 * 24 * 60 * 60 * 1000

/** What the account says of itself besides its name. */
export interface Said {
  readonly profile?: z.infer<typeof Profile>
  /** Nobody shall see at the directory whether the account is here. */
  readonly hidesPresence?: boolean
  /** The next record is above this, whatever the directory holds: it may be one from an old disk. */
  readonly seqAbove?: number
}

interface Wanted {
  readonly identity: Identity
  readonly said: Said
  readonly audience: Digest
  /** What the directory holds under my name. */
  readonly held: VerifiedAccount | undefined
  readonly now: number
}

/**
 * The record that follows the one in the directory. It keeps what my other devices put there. Throws DirectoryError when this
 * account or this device must not publish under the name.
 */
export async function nextRecord(wanted: Wanted): Promise<Omit<AccountRecord, 'v'>> {
  const { identity, said, audience, held, now } = wanted
  const { profile = held?.record.profile ?? {}, hidesPresence = held?.record.hidePresence === true } = said
  const fresh = {
    aud: audience,
    accountId: identity.accountId,
    accountKey: identity.account.publicKey,
    rotations: [...identity.rotations],
    name: identity.name,
    displayName: identity.displayName,
    profile,
    issuedAt: now,
    expiresAt: now + RECORD_LIFETIME_MS - CLOCK_MARGIN_MS,
    ...(hidesPresence && { hidePresence: true as const }),
  }
  const { seqAbove = 0 } = said
  if (held === undefined)
    return { ...fresh, devices: [identity.certificate], revoked: [...identity.revokes], seq: seqAbove + 1, prev: null }
  const { record } = held
  if (record.accountId !== identity.accountId) {
    throw new DirectoryError('name-taken', `the name ${identity.name} belongs to somebody else in this directory`)
  }
  if (record.revoked.includes(identity.device.publicKey)) {
    throw new DirectoryError('device-revoked', 'this device was revoked by another device of the account')
  }
  const devices = [...(await certificatesToKeep(identity, held, now)), identity.certificate]
  if (devices.length > MAX_DEVICES) {
    throw new DirectoryError('too-many-devices', `the account already has ${MAX_DEVICES} devices: revoke one first`)
  }
  // Those that have been revoked the longest give way: their certificates are in no record any more.
  const revoked = [...new Set([...record.revoked, ...identity.revokes])].slice(-MAX_REVOKED_DEVICES)
  return {
    ...fresh,
    devices,
    revoked,
    seq: Math.max(record.seq, seqAbove) + 1,
    prev: digestOf(held.jws),
  }
}

/** Of my other devices. Those that the key before mine certified are certified anew. */
async function certificatesToKeep(identity: Identity, held: VerifiedAccount, now: number): Promise<Jws[]> {
  const { accountId, account, rotations, device: mine, revokes } = identity
  const others = held.devices.filter(({ deviceKey }) => deviceKey !== mine.publicKey && !revokes.includes(deviceKey))
  if (held.record.accountKey === account.publicKey) return others.map(({ jws }) => jws)
  const keys = await verifyRotations(accountId, account.publicKey, rotations)
  if (!keys.includes(held.record.accountKey)) {
    throw new DirectoryError('key-changed', 'the account has a newer key in the directory than this device has')
  }
  const certified = { accountId, accountKey: account.publicKey, issuedAt: now }
  return Promise.all(
    others.map(({ deviceKey, signalIdentity }) =>
      signDeviceCertificate({ ...certified, deviceKey, signalIdentity }, account.privateKey),
    ),
  )
}

/** A profile as it was kept in a text; undefined when there is none. */
export function readProfile(text: string | undefined): z.infer<typeof Profile> | undefined {
  return text === undefined ? undefined : Profile.parse(JSON.parse(text))
}

/** Whether the record in the directory says already what the next one would, and is not past half its life. */
export function isCurrent(record: AccountRecord, next: Omit<AccountRecord, 'v'>): boolean {
  const said = ({ accountKey, rotations, displayName, profile, ...rest }: Omit<AccountRecord, 'v'>) => ({
    accountKey,
    rotations,
    displayName,
    profile,
    hidePresence: rest.hidePresence === true,
    devices: rest.devices.toSorted(),
    revoked: rest.revoked.toSorted(),
  })
  return record.expiresAt - next.issuedAt > RECORD_LIFETIME_MS / 2 && isDeepStrictEqual(said(next), said(record))
}
