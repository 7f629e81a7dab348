/** What the shell learns. Where sysexits.h has a meaning for a number, it is that one. */
export const EXIT = {
  done: 0,
  usage: 64,
  refused: 65,
  unknownName: 66,
  unavailable: 69,
  internal: 70,
  profileInUse: 71,
  unsafeProfile: 73,
  io: 74,
  stillQueued: 75,
  ended: 76,
  keyChanged: 77,
  /** Ctrl-C, as a shell reports it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Why a command could not do what it was asked for, in a sentence that names the next step. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode
  /** Stable; the documentation explains it. */
  readonly code: string
  constructor(exitCode: ExitCode, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.code = code
  }
}
