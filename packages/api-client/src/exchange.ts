import { LocalProblem } from '@parley/shared/local-api/problem.ts'
import type { z } from 'zod'
import { ApiError } from './api-error.ts'
import { GuardedToken } from './guarded-token.ts'
import { linesOf } from './record-lines.ts'

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
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
export function guard(url: string, token: string): GuardedToken {
  return new GuardedToken(url, token, async (path, signal) => {
    try {
      const response = await ask(url, undefined, { method: 'GET', path, signal })
      const answer = await readJson(response, signal)
      if (!response.ok) throw refusal(response, answer)
      return answer
    } catch (error) {
      throw signal.aborted ? connectionError(error, undefined) : error
    }
  })
}

export function exchangeWith(url: string, token: GuardedToken | undefined): Exchange {
  return {
    one: async (call, schema) => {
      const response = await ask(url, token, call)
      const answer = response.status === 204 ? undefined : await readJson(response, call.signal)
      if (!response.ok) throw refusal(response, answer)
      return read(call, answer, schema)
    },
    lines: async function* (call, schema) {
      const response = await ask(url, token, call)
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

async function ask(
  url: string,
  guarded: GuardedToken | undefined,
  { method, path, body, headers, signal }: Call,
): Promise<Response> {
  const token = await guarded?.take(signal)
  try {
    return await fetch(new URL(path, url), {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
      // The token goes to this address and to no other, and nothing of the answer is kept.
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    })
  } catch (error) {
    guarded?.forget()
    throw connectionError(error, signal)
  }
}

async function readJson(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw connectionError(error, signal)
  }
  return parseJson(text, response)
}

function parseJson(text: string, { status }: Response): unknown {
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

function refusal(response: Response, answer: unknown): ApiError {
  const problem = LocalProblem.safeParse(answer)
  if (!problem.success) return new ApiError('bad-answer', `the answer is a bare ${response.status}`)
  const { code, title, detail = title } = problem.data
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(code, detail, Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {})
}
