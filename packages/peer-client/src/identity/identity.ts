import { join } from 'node:path'
import { accountIdOf } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, Name } from '@parley/shared/ids.ts'
import { exportPrivateKey, generateKeyPair, importPrivateKey, type KeyPair, keyPairOf } from '@parley/shared/keys.ts'
import { MAX_DISPLAY_NAME_CHARS, MAX_REVOKED_DEVICES } from '@parley/shared/limits.ts'
import { signDeviceCertificate, verifyDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { Jws, SignedObjectError } from '@parley/shared/signed/jws.ts'
import { Rotations, verifyRotations } from '@parley/shared/signed/rotation.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'
import type { ProfileKey } from './profile-key.ts'
import { readSecretFile, writeSecretFile } from './secret-file.ts'

/** The device's key pair for message encryption. Only the encryption folder knows what is inside. */
export const SignalIdentity = z.object({
  publicKey: z.string().regex(/^B[A-Za-z0-9_-]{43}$/),
  privateKey: z.string().min(1).max(256),
  registrationId: z.int().min(1).max(0x3f_ff),
})
export type SignalIdentity = z.infer<typeof SignalIdentity>

/** Who this device is: the account it speaks for, its own keys, and the certificate that joins the two. */
export interface Identity {
  readonly accountId: AccountId
  /** The pair in force. */
  readonly account: KeyPair<AccountKey>
  /** From the first account key to the one in force. */
  readonly rotations: readonly Jws[]
  readonly device: KeyPair<DeviceKey>
  readonly signalIdentity: SignalIdentity
  readonly certificate: Jws
  /** Devices of the account that every record of it has to revoke: those whose place this one took. */
  readonly revokes: readonly DeviceKey[]
  readonly name: Name
  readonly displayName: string
}

const IdentityFile = z.strictObject({
  v: z.literal(1),
  accountId: AccountId,
  accountPrivateKey: z.string().max(256),
  rotations: Rotations,
  devicePrivateKey: z.string().max(256),
  signalIdentity: SignalIdentity,
  certificate: Jws,
  revokes: z.array(DeviceKey).max(MAX_REVOKED_DEVICES).optional(),
  name: Name,
  displayName: z.string().min(1).max(MAX_DISPLAY_NAME_CHARS),
})
type IdentityFile = z.infer<typeof IdentityFile>

interface NewIdentity {
  readonly name: Name
  readonly displayName: string
  readonly signalIdentity: SignalIdentity
  readonly now?: () => number
}

/** A new account with this as its first device. Nothing is written. */
export function createIdentity(options: NewIdentity): Promise<Identity> {
  const account = generateKeyPair(AccountKey)
  return addDevice({ ...options, accountId: accountIdOf(account.publicKey), account, rotations: [], revokes: [] })
}

/** A new device of an account, certified by its key. Nothing is written. */
export async function addDevice({
  now = Date.now,
  ...identity
}: NewIdentity & Pick<Identity, 'accountId' | 'account' | 'rotations' | 'revokes'>): Promise<Identity> {
  const { accountId, account, signalIdentity } = identity
  const device = generateKeyPair(DeviceKey)
  const certificate = await signDeviceCertificate(
    {
      accountId,
      accountKey: account.publicKey,
      deviceKey: device.publicKey,
      signalIdentity: signalIdentity.publicKey,
      issuedAt: now(),
    },
    account.privateKey,
  )
  return { ...identity, device, certificate }
}

/** On the disk when it resolves, encrypted with `key`. Throws ProfileError `profile-exists` rather than replace an identity, unless told to. */
export async function saveIdentity(
  directory: string,
  identity: Identity,
  key: ProfileKey | undefined,
  { replace = false }: { replace?: boolean } = {},
): Promise<void> {
  const { accountId, account, rotations, device, signalIdentity, certificate, revokes, name, displayName } = identity
  const content: IdentityFile = {
    v: 1,
    accountId,
    accountPrivateKey: exportPrivateKey(account.privateKey),
    rotations: [...rotations],
    devicePrivateKey: exportPrivateKey(device.privateKey),
    signalIdentity,
    certificate,
    ...(revokes.length > 0 && { revokes: [...revokes] }),
    name,
    displayName,
  }
  try {
    const text = `${JSON.stringify(content, undefined, 2)}\n`
    await writeSecretFile(join(directory, PROFILE_FILES.identity), text, key, { replace })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
    throw new ProfileError('profile-exists', `${directory} already holds a profile`, { cause: error })
  }
}

/** Throws ProfileError `no-profile`, or `damaged-profile` when the parts of the file do not belong together. */
export async function loadIdentity(directory: string, key: ProfileKey | undefined): Promise<Identity> {
  const file = join(directory, PROFILE_FILES.identity)
  const text = await readSecretFile(file, key).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    throw new ProfileError('no-profile', `there is no profile in ${directory}: parley init makes one`, { cause: error })
  })
  try {
    return await readIdentity(text)
  } catch (error) {
    throw new ProfileError('damaged-profile', `${file} cannot be used (${why(error)}): restore it from a backup`)
  }
}

/** Not the error itself: a parser quotes the text it fails on, and this text holds private keys. */
function why(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON'
  if (error instanceof z.ZodError) return `unexpected ${error.issues.map((issue) => issue.path.join('.')).join(', ')}`
  return error instanceof SignedObjectError || error instanceof IdentityMismatch ? error.message : 'a key is damaged'
}

class IdentityMismatch extends Error {}

async function readIdentity(text: string): Promise<Identity> {
  const {
    accountId,
    rotations,
    signalIdentity,
    certificate,
    revokes = [],
    name,
    displayName,
    ...keys
  } = IdentityFile.parse(JSON.parse(text))
  const account = keyPairOf(AccountKey, importPrivateKey(keys.accountPrivateKey))
  const device = keyPairOf(DeviceKey, importPrivateKey(keys.devicePrivateKey))
  await verifyRotations(accountId, account.publicKey, rotations)
  const certified = await verifyDeviceCertificate(certificate)
  if (
    certified.accountId !== accountId ||
    certified.accountKey !== account.publicKey ||
    certified.deviceKey !== device.publicKey ||
    certified.signalIdentity !== signalIdentity.publicKey
  ) {
    throw new IdentityMismatch('its certificate is for other keys')
  }
  return { accountId, account, rotations, device, signalIdentity, certificate, revokes, name, displayName }
}
