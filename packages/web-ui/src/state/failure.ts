import { ApiError } from '@parley/api-client/api-error.ts'

/** What went wrong, for the user. */
export interface Failure {
  /** A sentence. */
  readonly text: string
  readonly code: ApiError['code'] | undefined
}

export function failureOf(error: unknown): Failure {
  return {
    text: sentence(error instanceof Error ? error.message : String(error)),
    code: error instanceof ApiError ? error.code : undefined,
  }
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
