// The first start: there is no profile, so a page asks for a name and perhaps a passphrase, and the profile is made of that.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foldName, type Name } from '@parley/shared/ids.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import type { NameCheck, SetUp, SetUpDone } from '@parley/shared/local-api/set-up.ts'
import type { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { pino } from 'pino'
import { newToken, writeToken } from '#api/access-token.ts'
import { RequestError } from '#api/daemon.ts'
import { startSetUpApi } from '#api/local-api.ts'
import type { SettingUp } from '#api/set-up.ts'
import { DirectoryError } from '#directory/directory-error.ts'
import { checkName } from '#directory/name-check.ts'
import { ProfileError } from '#identity/profile-error.ts'
import { createProfile } from './profile.ts'

export interface FirstRunOptions {
  /** Where the profile of that name is to be. */
  readonly placeOf: (name: Name) => string
  readonly directory: string | undefined
  readonly directoryCa: string | undefined
  /** The start was given one, so nobody needs to type it. */
  readonly hasRegistrationToken: boolean
  /** Of the API, then and later; 0 takes any free one. */
  readonly apiPort: number
  /** The page is there: whoever opens the link makes the profile. */
  readonly onPage: (link: SignInLink) => void
  readonly signal: AbortSignal
}

export interface FirstRun {
  readonly profile: string
  readonly passphrase: string | undefined
  /** What was typed for a directory that takes new names only with it. */
  readonly registrationToken: string | undefined
  /** The page goes on there. */
  readonly apiPort: number
}

type Made = Omit<FirstRun, 'apiPort'>

/** Resolves when somebody has made the profile, and the port is free again. Rejects with the reason of the signal. */
export async function firstRun(options: FirstRunOptions): Promise<FirstRun> {
  const token = newToken()
  const made = Promise.withResolvers<Made>()
  const settingUp = new FirstProfile(options, async (done) => {
    // The page that made it is signed in to it.
    await writeToken(join(done.profile, API_TOKEN_FILE), token)
    made.resolve(done)
  })
  const log = pino({ level: 'silent' })
  const api = await startSetUpApi({ settingUp, token, port: options.apiPort, log })
  try {
    options.onPage(api.signInLink())
    const { signal } = options
    signal.throwIfAborted()
    signal.addEventListener('abort', () => made.reject(signal.reason), { once: true })
    return { ...(await made.promise), apiPort: Number(new URL(api.url).port) }
  } finally {
    await api.stop()
  }
}

class FirstProfile implements SettingUp {
  readonly #options: FirstRunOptions
  readonly #onMade: (made: Made) => Promise<void>
  #making: Promise<SetUpDone> | undefined

  constructor(options: FirstRunOptions, onMade: (made: Made) => Promise<void>) {
    this.#options = options
    this.#onMade = onMade
  }

  get directory(): string | undefined {
    return this.#options.directory
  }

  async checkName(typed: string, directory: string | undefined, signal: AbortSignal): Promise<NameCheck> {
    const name = foldName(typed)
    if (name === undefined) return { verdict: 'not-a-name' }
    const url = directory ?? this.directory
    if (url === undefined) return { name, verdict: 'no-directory' }
    const { directoryCa, hasRegistrationToken } = this.#options
    try {
      const ca = directoryCa === undefined ? undefined : await readFile(directoryCa, 'utf8')
      const { isFree, needsToken } = await checkName({ url, ca }, name, signal)
      return { name, verdict: isFree ? 'free' : 'taken', needsToken: needsToken && !hasRegistrationToken }
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      return { name, verdict: 'unknown', detail: error.message }
    }
  }

  create(wish: SetUp): Promise<SetUpDone> {
    this.#making ??= this.#make(wish).catch((error: unknown) => {
      // Another try is free.
      this.#making = undefined
      throw error
    })
    return this.#making
  }

  async #make({ name: typed, passphrase, directory, registrationToken }: SetUp): Promise<SetUpDone> {
    const name = foldName(typed)
    if (name === undefined)
      throw new RequestError(
        'bad-request',
        'a name is 1 to 32 of a-z 0-9 . _ - and begins and ends with a letter or digit',
      )
    try {
      const { path: profile } = await createProfile({
        name: typed,
        profile: this.#options.placeOf(name),
        directory: directory ?? this.directory,
        passphrase,
      })
      await this.#onMade({ profile, passphrase, registrationToken })
      return { name, profile }
    } catch (error) {
      if (error instanceof ProfileError && error.code === 'profile-exists')
        throw new RequestError('name-taken', 'there is a profile of this name on this machine already', {
          cause: error,
        })
      throw error
    }
  }
}
