// What a refusal by the directory means to whoever asked.
import { SignedObjectError } from '@parley/shared/signed/jws.ts'
import { staleAt } from './counter.ts'
import { DirectoryError } from './directory-error.ts'

/** Something was signed for another directory than this one, on either side. */
export function isWrongAudience(error: unknown): boolean {
  if (!(error instanceof DirectoryError)) return false
  const { problem, cause } = error
  return problem?.code === 'wrong-audience' || (cause instanceof SignedObjectError && cause.code === 'wrong-audience')
}

/** Another device of the account published in between. */
export function wasOvertaken(error: unknown): boolean {
  return staleAt(error) !== undefined || (error instanceof DirectoryError && error.problem?.code === 'wrong-prev')
}

/** Turns the refusals that say "there is none" into undefined. */
export function unless(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof DirectoryError && error.problem !== undefined && codes.includes(error.problem.code))
      return undefined
    throw error
  }
}
