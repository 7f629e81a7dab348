import { LocalProblem } from '@parley/shared/local-api/problem.ts'
import type { z } from 'zod'
import { ApiError } from './api-error.ts'
import { type Ask, askByFetch, type HttpAnswer, type HttpRequest } from './ask.ts'
import { GuardedToken } from './guarded-token.ts'
import { linesOf } from './record-lines.ts'

export interface Call {
  readonly method: HttpRequest['method']
  /** From the root, encoded. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Each rejects with ApiError, or with the reason of the signal. */
export interface Exchange {
  /** One request and its answer, read by the schema; undefined when there is nothing to read. */
  one<S extends z.ZodType>(call: Call, schema: S): Promise<z.infer<S>>
  /** One request, and the lines of its answer as they come, each read by the schema. */
  lines<S extends z.ZodType>(call: Call, schema: S): AsyncGenerator<z.infer<S>>
}

/** A token that is told to nobody but the daemon at that address. */
export function guard(url: string, token: string, ask: Ask = askByFetch): GuardedToken {
  return new GuardedToken(url, token, async (path, signal) => {
    try {
      const response = await exchange({ url, token: undefined, ask }, { method: 'GET', path, signal })
      const answer = await readJson(response, signal)
      if (!response.ok) throw refusal(response, answer)
      return answer
    } catch (error) {
      throw signal.aborted ? connectionError(error, undefined) : error
    }
  })
}

export function exchangeWith(url: string, token: GuardedToken | undefined, ask: Ask = askByFetch): Exchange {
  return {
    one: async (call, schema) => {
      const response = await exchange({ url, token, ask }, call)
      const answer = response.status === 204 ? undefined : await readJson(response, call.signal)
      if (!response.ok) throw refusal(response, answer)
      return read(call, answer, schema)
    },
    lines: async function* (call, schema) {
      const response = await exchange({ url, token, ask }, call)
      if (!response.ok) throw refusal(response, await readJson(response, call.signal))
      if (response.body === null) return
      for await (const line of linesOf(response.body, call.signal)) yield read(call, parseJson(line, response), schema)
    },
  }
}

function read<S extends z.ZodType>({ path }: Call, answer: unknown, schema: S): z.infer<S> {
  const result = schema.safeParse(answer)
  if (result.success) return result.data
  throw new ApiError('bad-answer', `${path} was not answered as expected: is the daemon of another version?`, {
    cause: result.error,
  })
}

async function exchange(
  { url, token: guarded, ask }: { readonly url: string; readonly token: GuardedToken | undefined; readonly ask: Ask },
  { method, path, body, headers, signal }: Call,
): Promise<HttpAnswer> {
  const token = await guarded?.take(signal)
  try {
    return await ask(new URL(path, url), {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  } catch (error) {
    guarded?.forget()
    throw connectionError(error, signal)
  }
}

async function readJson(response: HttpAnswer, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw connectionError(error, signal)
  }
  return parseJson(text, response)
}

function parseJson(text: string, { status }: HttpAnswer): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ApiError('bad-answer', `the answer is not JSON (status ${status})`, { cause: error })
  }
}

function connectionError(error: unknown, signal: AbortSignal | null | undefined): unknown {
  if (signal?.aborted) return signal.reason
  return new ApiError('no-connection', 'the daemon does not answer', { cause: error })
}

function refusal(response: HttpAnswer, answer: unknown): ApiError {
  const problem = LocalProblem.safeParse(answer)
  if (!problem.success) return new ApiError('bad-answer', `the answer is a bare ${response.status}`)
  const { code, title, detail = title } = problem.data
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(code, detail, Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {})
}
