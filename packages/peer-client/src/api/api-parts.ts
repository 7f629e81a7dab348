import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import type { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import type { Logger } from 'pino'
import type { Daemon } from './daemon.ts'
import type { SignInCodes } from './sign-in-codes.ts'

/** What the routes and the sockets serve. */
export interface ApiParts {
  readonly daemon: Daemon
  readonly token: ApiToken
  readonly codes: SignInCodes
  /** Shows that this is the daemon of the token, to whoever knows it too. */
  readonly prove: (nonce: string) => string
  /** A new one at each call. */
  readonly signInLink: () => SignInLink
  /** Aborts when the API stops: whoever waits is answered with what there is. */
  readonly stopping: AbortSignal
  readonly log: Logger
}
