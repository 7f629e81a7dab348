// Refusals of the layers below as the problems of the local API; anything else stays what it is.
import type { LocalProblemCode } from '@parley/shared/local-api/problem.ts'
import { RequestError } from '#api/daemon.ts'
import { ConversationError } from '#conversation/conversation-error.ts'
import { DeliveryError } from '#delivery/delivery-error.ts'
import { DirectoryError } from '#directory/directory-error.ts'
import { StorageError } from '#store/group-commit.ts'
import { MatchError } from '#store/match-error.ts'

/** The work, with the refusals of a person's request turned into problems. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw asRequestError(error)
  }
}

/** What the person can do something about; anything else stays what it is. */
export function asRequestError(error: unknown): unknown {
  const code = problemCodeOf(error)
  if (code === undefined || !(error instanceof Error)) return error
  return new RequestError(code, error.message, { cause: error })
}

function problemCodeOfRefusal(code: ConversationError['code']): LocalProblemCode {
  switch (code) {
    case 'self':
    case 'bad-proof':
    case 'deadline-past':
    case 'bad-place':
    case 'no-words':
    case 'too-many-readers':
      return 'bad-request'
    default:
      return code
  }
}

function problemCodeOf(error: unknown): LocalProblemCode | undefined {
  if (error instanceof ConversationError) return problemCodeOfRefusal(error.code)
  if (error instanceof DirectoryError) return 'directory-unreachable'
  if (error instanceof StorageError) return 'storage-failed'
  if (error instanceof MatchError) return error.code === 'stopped' ? 'stopping' : 'search-failed'
  if (!(error instanceof DeliveryError)) return undefined
  switch (error.code) {
    case 'too-large':
    case 'outbox-full':
    case 'unknown-message':
      return error.code
    case 'stopped':
      return 'stopping'
    case 'no-bundle':
    case 'protocol-violation':
    case 'unauthorised-device':
      return undefined
  }
}
