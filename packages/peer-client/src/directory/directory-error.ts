import type { Problem } from '@parley/shared/directory-api/problem.ts'

interface Details extends ErrorOptions {
  readonly problem?: Problem
  readonly isTemporary?: boolean
  readonly retryAfterMs?: number | undefined
}

const TEMPORARY: ReadonlySet<string> = new Set(['unreachable', 'timed-out', 'not-a-directory', 'replaced'])

/** Why the directory could not be asked, would not do it, or must not be believed. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
  readonly code:
    | 'unreachable'
    | 'timed-out'
    | 'closed'
    /** What answers at this URL does not speak the directory's API: a wrong URL, or a hotspot that wants a login first. */
    | 'not-a-directory'
    | 'directory-key-changed'
    /** It served something that its owner did not sign so. */
    | 'forged'
    | 'name-taken'
    | 'name-reserved'
    /** The account's key in the directory is one that this device does not have. */
    | 'key-changed'
    | 'device-revoked'
    | 'too-many-devices'
    | 'too-many-names'
    /** Another connection of this same device took the place of this one. */
    | 'replaced'
    /** Any other refusal; `problem` says which. */
    | 'problem'
  readonly problem: Problem | undefined
  /** Trying the same again later may succeed without anybody doing anything. */
  readonly isTemporary: boolean
  /** The directory asks not to be asked again before. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: DirectoryError['code'],
    message: string,
    { problem, isTemporary = TEMPORARY.has(code), retryAfterMs, ...options }: Details = {},
  ) {
    super(message, options)
    this.code = code
    this.problem = problem
    this.isTemporary = isTemporary
    this.retryAfterMs = retryAfterMs
  }
}

/** As one part of the program tells it to another, when anything may have been thrown. */
export function asDirectoryError(error: unknown): DirectoryError {
  if (error instanceof DirectoryError) return error
  return new DirectoryError('problem', error instanceof Error ? error.message : String(error), { cause: error })
}
