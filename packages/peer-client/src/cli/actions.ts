// What commands need that is not a call of the local API: it reads or writes the profile, or becomes the daemon. The entry point
// provides it.

import type { SignInLink } from '@parley/shared/local-api/sign-in.ts'

/** As given on the command line. */
export interface ProfileChoice {
  readonly profile?: string | undefined
  readonly name?: string | undefined
}

export interface KnownProfile {
  readonly name: string
  readonly path: string
}

/** Each asks when it is needed, and rejects with CliError when nobody is there to answer. */
export interface PassphraseSource {
  /** Nobody has to be asked. */
  readonly isGiven: boolean
  /** That of `what`, which has one. */
  current(what: string): Promise<string>
  /** One for `what`, which has none yet. */
  fresh(what: string): Promise<string>
}

export interface InitOptions {
  readonly name: string
  /** Undefined: none is wanted. */
  readonly passphrase?: PassphraseSource | undefined
  readonly profile?: string | undefined
  readonly directory?: string | undefined
  readonly displayName?: string | undefined
}

export interface NewProfile {
  readonly path: string
  readonly name: string
  readonly displayName: string
  readonly account: string
  readonly directory?: string | undefined
  readonly isEncrypted: boolean
}

export interface PassphraseChangeOptions extends ProfileChoice {
  readonly current: PassphraseSource
  /** Undefined: none from then on. */
  readonly next: PassphraseSource | undefined
}

type Progress = (done: number, total: number) => void

export interface BackUpOptions extends ProfileChoice {
  readonly file: string
  /** Of the profile, or for the backup alone when the profile has none. */
  readonly passphrase: PassphraseSource
  readonly progress: Progress
}

export interface BackedUp {
  readonly file: string
  readonly bytes: number
  readonly messages: number
}

export interface RestoreOptions {
  readonly file: string
  readonly profile?: string | undefined
  readonly passphrase: PassphraseSource
  readonly progress: Progress
}

export interface Restored {
  readonly path: string
  readonly name: string
  readonly account: string
  readonly device: string
  /** The device that the backup is of. */
  readonly predecessor: string
  /** Unix milliseconds. */
  readonly madeAt: number
  readonly isEncrypted: boolean
  readonly messages: number
  readonly contacts: number
  readonly sentAgain: number
}

export interface StartOptions extends ProfileChoice {
  readonly passphrase: PassphraseSource
  /** A profile that has to be made gets one. */
  readonly wantsPassphrase: boolean
  /** Where to listen for other peers; by default decided by where the directory is. */
  readonly listen?: string | undefined
  readonly port: number
  readonly apiPort?: number | undefined
  /** `null`: none in this run, whatever the profile says. */
  readonly directory?: string | null | undefined
  /** A file of PEM certificates. */
  readonly directoryCa?: string | undefined
  /** What a closed directory wants to see before it takes a new name; itself, or a file of it. */
  readonly registrationToken?: string | undefined
  readonly registrationTokenFile?: string | undefined
  /** As it was, unless it is said. */
  readonly hidePresence?: boolean | undefined
  /** The secret of a closed network; itself, or a file of it. */
  readonly networkToken?: string | undefined
  readonly networkTokenFile?: string | undefined
  readonly peers: readonly string[]
  readonly maxPeers: number
  readonly allowPrivate: boolean
  readonly logLevel: string
  /** Told where a page asks for a name, when there is no profile and none was named; without it such a start fails. */
  readonly onSetUp?: ((link: SignInLink) => void) | undefined
  /** Aborting it ends a start that is under way. */
  readonly signal: AbortSignal
}

export interface Ready {
  readonly name: string
  readonly account: string
  readonly device: string
  /** HOST:PORT, where other peers reach this one. */
  readonly listening: readonly string[]
  /** The URL of the local API. */
  readonly api: string
  readonly directory: string | null
  readonly profile: string
  /** It was not there before. */
  readonly isNewProfile: boolean
}

export interface RunningDaemon {
  readonly ready: Ready
  /** Opens the web app signed in, once. */
  signInLink(): SignInLink
  /** Resolves when it has stopped, whoever asked for it; rejects when something broke. */
  readonly stopped: Promise<void>
  /** Twice is safe. */
  stop(): Promise<void>
}

export interface LedgerOutcome {
  readonly ok: boolean
  /** For people, in lines. */
  readonly text: string
  readonly report: unknown
}

/** Each rejects with CliError when it is the person's turn. */
export interface CliActions {
  /** Absolute, and not necessarily there. Without a choice: the only profile that there is. */
  locateProfile(choice: ProfileChoice): Promise<string>
  /** Those in the usual place, in order of name. */
  knownProfiles(): Promise<readonly KnownProfile[]>
  init(options: InitOptions): Promise<NewProfile>
  start(options: StartOptions): Promise<RunningDaemon>
  changePassphrase(options: PassphraseChangeOptions): Promise<'set' | 'removed'>
  backUp(options: BackUpOptions): Promise<BackedUp>
  restore(options: RestoreOptions): Promise<Restored>
  verifyLedger(paths: readonly string[], passphrase: PassphraseSource): Promise<LedgerOutcome>
}
