import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foldName } from '@parley/shared/ids.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { removeDaemonFile, writeDaemonFile } from '#api/daemon-file.ts'
import { defaultApiPort, startLocalApi } from '#api/local-api.ts'
import type { RunningDaemon, StartOptions } from '#cli/actions.ts'
import { CliError, EXIT } from '#cli/exit.ts'
import { formatPeerAddress } from '#connection/peer-address.ts'
import { loadIdentity } from '#identity/identity.ts'
import { unlockProfile } from '#identity/passphrase.ts'
import { checkProfileDirectory } from '#identity/profile-directory.ts'
import { ProfileError } from '#identity/profile-error.ts'
import type { ProfileKey } from '#identity/profile-key.ts'
import { createDaemonLog } from './daemon-log.ts'
import { createPeer } from './peer.ts'
import { PeerDaemon } from './peer-daemon.ts'
import { createProfileIfAbsent } from './profile.ts'

export interface DaemonOptions extends StartOptions {
  /** Absolute. Made for `name` when there is no profile. */
  readonly profile: string
  readonly version: string
}

/** A peer and the local API on it. Rejects with what kept it from starting, and then leaves nothing behind. */
export async function runDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  const { profile, version, port, apiPort, signal } = options
  const startedAt = Date.now()
  const isNewProfile = await makeIfAbsent(options)
  const key = await unlockProfile(profile, () => options.passphrase.current(profile))
  const name = await ownerOf(options, key)
  const log = await createDaemonLog(profile, options.logLevel, key !== undefined)
  if (key === undefined) log.warn({ profile }, options.passphrase.isGiven ? UNUSED_PASSPHRASE : NO_PASSPHRASE)
  const asked = Promise.withResolvers<void>()
  let failure: Error | undefined

  await using started = new AsyncDisposableStack()
  const peer = createPeer({
    name,
    profile,
    key,
    directory: options.directory,
    directoryCa: await readCa(options.directoryCa),
    registrationToken: await readSecret(options.registrationToken, options.registrationTokenFile),
    networkToken: await readSecret(options.networkToken, options.networkTokenFile),
    hidePresence: options.hidePresence,
    listen: { host: options.listen, port },
    peers: options.peers,
    allowPrivate: options.allowPrivate,
    maxPeers: options.maxPeers,
    log,
    onBroken: (error) => {
      log.fatal({ err: error }, 'the disk failed; nothing is accepted or acknowledged any more')
      failure = error
      asked.resolve()
    },
  })
  started.use(peer)
  await peer.start()
  signal.throwIfAborted()
  const api = started.use(
    await startLocalApi({
      daemon: new PeerDaemon({ peer, version, startedAt, log, onStop: asked.resolve }),
      port: apiPort ?? defaultApiPort(peer.address.port),
      tokenFile: join(profile, API_TOKEN_FILE),
      log,
    }),
  )
  const file = { url: api.url, pid: process.pid, startedAt }
  await writeDaemonFile(profile, file)
  const running = started.move()

  const shutDown = async () => {
    log.info('stopping')
    await running.disposeAsync()
    // Last, because whoever told the daemon to stop waits for it: by then the profile is free.
    await removeDaemonFile(profile, file)
    if (failure !== undefined) throw failure
  }
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= shutDown()
    return stopping
  }
  const { identity, address, directoryState } = peer
  return {
    ready: {
      name: identity.name,
      account: identity.accountId,
      device: identity.device.publicKey,
      listening: [formatPeerAddress(address)],
      api: api.url,
      directory: directoryState.state === 'none' ? null : directoryState.url,
      profile,
      isNewProfile,
    },
    signInLink: () => api.signInLink(),
    stopped: asked.promise.then(stop),
    stop: () => {
      asked.resolve()
      return stop()
    },
  }
}

/** The file goes before the environment. */
async function readSecret(value: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return (await readFile(file, 'utf8')).trim()
  return value === '' ? undefined : value
}

/** Throws RangeError when the file does not hold a certificate. */
async function readCa(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const pem = await readFile(path, 'utf8')
  try {
    new X509Certificate(pem)
    return pem
  } catch (cause) {
    throw new RangeError(`${path} does not begin with a PEM certificate`, { cause })
  }
}

const NO_PASSPHRASE =
  'this profile has no passphrase: whoever gets at its disk can read the messages and be you; parley passphrase sets one'
const UNUSED_PASSPHRASE =
  'this profile has no passphrase, so the one that was given protects nothing; parley passphrase sets one'

/** True when it was made. Throws CliError when that would take a name. */
async function makeIfAbsent({ profile, name, directory, ...options }: DaemonOptions): Promise<boolean> {
  try {
    await checkProfileDirectory(profile)
    return false
  } catch (error) {
    if (!(error instanceof ProfileError) || error.code !== 'no-profile') throw error
    if (name === undefined) {
      const sentence = `there is no profile in ${profile}; with --name NAME it is made`
      throw new CliError(EXIT.usage, 'no-profile', sentence, { cause: error })
    }
    const passphrase = options.wantsPassphrase ? await options.passphrase.fresh(profile) : undefined
    return createProfileIfAbsent({ name, profile, directory: directory ?? undefined, passphrase })
  }
}

/** Throws CliError when the profile is somebody else's. */
async function ownerOf({ profile, name }: DaemonOptions, key: ProfileKey | undefined): Promise<string> {
  const identity = await loadIdentity(profile, key)
  if (name === undefined || foldName(name) === identity.name) return identity.name
  throw new CliError(EXIT.usage, 'other-name', `the profile in ${profile} is that of ${identity.name}, not of ${name}`)
}
