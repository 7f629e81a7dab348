// What stands between a passphrase and the key of a profile: profile-key.json, with the salt and what each guess costs.
import { argon2, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fromBase64url, toBase64url } from '@parley/shared/bytes.ts'
import {
  MAX_PASSPHRASE_CHARS,
  MAX_PASSPHRASE_LANES,
  MAX_PASSPHRASE_MEMORY_KIB,
  MAX_PASSPHRASE_PASSES,
  MIN_PASSPHRASE_CHARS,
  PASSPHRASE_LANES,
  PASSPHRASE_MEMORY_KIB,
  PASSPHRASE_PASSES,
} from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'
import { ProfileKey } from './profile-key.ts'
import { ProfileLock } from './profile-lock.ts'
import { finishChange, isChangeUnfinished } from './staged-change.ts'

/** What one guess of a passphrase costs. */
export interface PassphraseCost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

const USUAL_COST: PassphraseCost = {
  memoryKib: PASSPHRASE_MEMORY_KIB,
  passes: PASSPHRASE_PASSES,
  lanes: PASSPHRASE_LANES,
}

const KeyFile = z.strictObject({
  v: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('argon2id'),
    salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
    memoryKib: z.int().min(8).max(MAX_PASSPHRASE_MEMORY_KIB),
    passes: z.int().min(1).max(MAX_PASSPHRASE_PASSES),
    lanes: z.int().min(1).max(MAX_PASSPHRASE_LANES),
  }),
  /** The profile's key, under what the passphrase yields. */
  wrapped: z.string().regex(/^[A-Za-z0-9_-]{80}$/),
})
type KeyFile = z.infer<typeof KeyFile>

const SALT_BYTES = 16
const DERIVED_BYTES = 32
const CONTEXT = 'parley/1 profile key'

/** What goes into profile-key.json. Throws RangeError for a passphrase that is too short to be one. */
export async function keyFileText(key: ProfileKey, passphrase: string, cost = USUAL_COST): Promise<string> {
  checkNewPassphrase(passphrase)
  const salt = toBase64url(randomBytes(SALT_BYTES))
  const kdf = { name: 'argon2id' as const, salt, ...cost }
  const content: KeyFile = { v: 1, kdf, wrapped: key.wrap(await derive(passphrase, kdf), CONTEXT) }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

/** Throws RangeError. */
export function checkNewPassphrase(passphrase: string): void {
  const { length } = passphrase
  if (length >= MIN_PASSPHRASE_CHARS && length <= MAX_PASSPHRASE_CHARS) return
  throw new RangeError(
    `a passphrase has ${MIN_PASSPHRASE_CHARS} to ${MAX_PASSPHRASE_CHARS} characters; four or five random words make a good one`,
  )
}

/**
 * The key of the profile, undefined when it has no passphrase; `passphrase` is asked only when it is needed. Throws ProfileError
 * `passphrase-needed`, `wrong-passphrase`, `damaged-profile` or `profile-in-use`. It takes about a third of a second.
 */
export async function unlockProfile(
  profile: string,
  passphrase: () => string | undefined | Promise<string | undefined>,
): Promise<ProfileKey | undefined> {
  if (await isChangeUnfinished(profile)) {
    using _lock = new ProfileLock(profile)
    await finishChange(profile)
  }
  const file = await readKeyFile(profile)
  if (file === undefined) return undefined
  const given = await passphrase()
  if (given === undefined) {
    throw new ProfileError(
      'passphrase-needed',
      `the profile in ${profile} has a passphrase: give it with --passphrase-file FILE or in PARLEY_PASSPHRASE`,
    )
  }
  const key = ProfileKey.unwrap(await derive(given, file.kdf), CONTEXT, file.wrapped)
  if (key !== undefined) return key
  throw new ProfileError(
    'wrong-passphrase',
    `this is not the passphrase of the profile in ${profile} (or its ${PROFILE_FILES.key} was damaged); nothing was changed`,
  )
}

async function readKeyFile(profile: string): Promise<KeyFile | undefined> {
  const path = join(profile, PROFILE_FILES.key)
  try {
    return KeyFile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new ProfileError(
      'damaged-profile',
      `${path} cannot be read: without it nothing of the profile can. Restore it`,
    )
  }
}

const argon2id = promisify(argon2)

function derive(passphrase: string, { salt, memoryKib, passes, lanes }: KeyFile['kdf']): Promise<Uint8Array> {
  return argon2id('argon2id', {
    // The same letters from another keyboard or system are the same passphrase.
    message: passphrase.normalize('NFC'),
    nonce: fromBase64url(salt),
    memory: memoryKib,
    passes,
    parallelism: lanes,
    tagLength: DERIVED_BYTES,
  })
}
