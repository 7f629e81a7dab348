import { ApiError } from '@parley/api-client/api-error.ts'
import { CliError, EXIT, type ExitCode } from './exit.ts'

const EXIT_CODES: Readonly<Record<ApiError['code'], ExitCode>> = {
  'bad-request': EXIT.usage,
  unauthorised: EXIT.unavailable,
  'sign-in-expired': EXIT.refused,
  'forbidden-host': EXIT.internal,
  'forbidden-origin': EXIT.internal,
  'not-found': EXIT.internal,
  'method-not-allowed': EXIT.internal,
  'unsupported-media-type': EXIT.internal,
  'not-set-up': EXIT.unavailable,
  'unknown-name': EXIT.unknownName,
  'unknown-message': EXIT.unknownName,
  'already-sent': EXIT.refused,
  'not-editable': EXIT.refused,
  'too-large': EXIT.refused,
  'outbox-full': EXIT.stillQueued,
  'key-changed': EXIT.keyChanged,
  'too-many-rotations': EXIT.refused,
  'no-key-change': EXIT.refused,
  'safety-number-differs': EXIT.keyChanged,
  blocked: EXIT.refused,
  'name-taken': EXIT.refused,
  unreachable: EXIT.unavailable,
  'no-directory': EXIT.unavailable,
  'directory-unreachable': EXIT.unavailable,
  'idempotency-conflict': EXIT.refused,
  'timed-out': EXIT.stillQueued,
  'too-slow': EXIT.internal,
  'too-many-clients': EXIT.unavailable,
  'search-busy': EXIT.unavailable,
  'search-failed': EXIT.internal,
  'web-app-unavailable': EXIT.unavailable,
  stopping: EXIT.unavailable,
  'storage-failed': EXIT.io,
  internal: EXIT.internal,
  'no-connection': EXIT.unavailable,
  'bad-answer': EXIT.internal,
}

/** The sentence, the stable code and the exit code of whatever a command ended with. */
export function failureOf(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (error instanceof ApiError) {
    return new CliError(EXIT_CODES[error.code], error.code, sentenceOf(error), { cause: error })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new CliError(EXIT.internal, 'internal', message, { cause: error })
}

function sentenceOf({ code, message }: ApiError): string {
  if (code === 'unauthorised') {
    return 'the daemon does not accept the token of this profile: is another profile running at this address?'
  }
  if (code === 'no-connection')
    return 'the daemon stopped answering; what was queued is safe. Start it again with: parley start'
  if (code === 'internal') return `${message}; its log says why. What was queued is safe`
  return message
}
