import type { Logger } from 'pino'
import type { Daemon } from './daemon.ts'

/** What the routes and the sockets serve. */
export interface ApiParts {
  readonly daemon: Daemon
  /** Aborts when the API stops: whoever waits is answered with what there is. */
  readonly stopping: AbortSignal
  readonly log: Logger
}
