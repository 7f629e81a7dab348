import { Problem } from '@parley/shared/directory-api/problem.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import { z } from 'zod'
import { DirectoryError } from './directory-error.ts'
import type { HttpAnswer, HttpExchange, HttpRequest } from './http-exchange.ts'

/** One call of the API: the answer as `schema` reads it. Every refusal is a DirectoryError. */
export async function call<S extends z.ZodType>(
  exchange: Pick<HttpExchange, 'exchange'>,
  schema: S,
  request: HttpRequest,
): Promise<z.infer<S>> {
  const answer = await exchange.exchange(request)
  if (answer.status < 200 || answer.status > 299) throw refusal(answer, request)
  const parsed = schema.safeParse(readJson(answer))
  if (!parsed.success) {
    const message = `the answer to ${request.method} ${request.path} is not of the directory API: ${z.prettifyError(parsed.error)}`
    throw new DirectoryError('not-a-directory', message, { cause: parsed.error })
  }
  return parsed.data
}

function refusal(answer: HttpAnswer, request: HttpRequest): DirectoryError {
  const { status, retryAfterMs } = answer
  const isTemporary = status >= 500 || status === 429
  const problem = Problem.safeParse(tryReadJson(answer)).data
  if (problem === undefined) {
    // A proxy in front of a directory that is away answers in its own words.
    return isTemporary
      ? new DirectoryError('unreachable', `the directory is not available (HTTP ${status})`, { retryAfterMs })
      : new DirectoryError('not-a-directory', `HTTP ${status} without an explanation: is this the URL of a directory?`)
  }
  return new DirectoryError(codeOf(problem), wordsFor(problem, request), { problem, isTemporary, retryAfterMs })
}

/** What the directory says, or better: what its user can do here. */
function wordsFor({ code, detail, title }: Problem, { token }: HttpRequest): string {
  if (code === 'registration-token') return token === undefined ? NEEDS_TOKEN : WRONG_TOKEN
  if (code === 'not-listed') return NOT_LISTED
  return detail ?? title
}

const NEEDS_TOKEN =
  'this directory takes new names only with its registration token; ask whoever runs it for the token, then: ' +
  'parley start --registration-token-file FILE'
const WRONG_TOKEN =
  'this directory does not know the registration token that it was given; ask whoever runs it for the right one, then: ' +
  'parley start --registration-token-file FILE'
const NOT_LISTED =
  'this directory takes only the names and accounts on its list; ask whoever runs it to add yours, then it goes on by itself'

function codeOf({ code }: Problem): DirectoryError['code'] {
  return code === 'name-taken' || code === 'name-reserved' || code === 'key-changed' ? code : 'problem'
}

function readJson({ text, status }: HttpAnswer): unknown {
  if (text === '' && status === 204) return undefined
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new DirectoryError('not-a-directory', `an answer that cannot be read: ${error.message}`, { cause: error })
  }
}

function tryReadJson(answer: HttpAnswer): unknown {
  try {
    return readJson(answer)
  } catch {
    return undefined
  }
}
