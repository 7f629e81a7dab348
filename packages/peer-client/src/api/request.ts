import { isUtf8 } from 'node:buffer'
import { MAX_LOCAL_BODY_BYTES } from '@parley/shared/limits.ts'
import { IdempotencyKey } from '@parley/shared/local-api/messages.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import express, { type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { RequestError } from './daemon.ts'

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i

const readBytes = express.raw({ limit: MAX_LOCAL_BODY_BYTES, inflate: false, type: () => true })

/** Before the handler of a route that takes a body. A type that a page may send without being asked about is refused. */
export const jsonBody: RequestHandler = (request, response, next) => {
  if (JSON_TYPE.test(request.headers['content-type'] ?? '')) readBytes(request, response, next)
  else next(new RequestError('unsupported-media-type', 'send the body with content-type: application/json'))
}

/** What `jsonBody` read, by its schema. Throws RequestError. */
export function bodyOf<S extends z.ZodType>(request: Request, schema: S): z.infer<S> {
  const bytes: unknown = request.body
  if (!Buffer.isBuffer(bytes)) throw new RequestError('bad-request', 'this address takes a body')
  if (!isUtf8(bytes)) throw new RequestError('bad-request', 'the body is not UTF-8')
  return readJson(bytes.toString('utf8'), schema)
}

/** Throws RequestError `bad-request`, or `too-large` when it is the size of a field that is wrong. */
export function readJson<S extends z.ZodType>(text: string, schema: S): z.infer<S> {
  try {
    return read(parseStrictJson(text), schema)
  } catch (error) {
    if (error instanceof JsonError) throw new RequestError('bad-request', error.message, { cause: error })
    throw error
  }
}

/** Before the handler of a route that takes none, so that nothing a client says goes unheard. */
export const noBody: RequestHandler = ({ headers }, _response, next) => {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) next()
  else next(new RequestError('bad-request', 'this address takes no body'))
}

/** The query, read by its schema. Throws RequestError `bad-request`. */
export function queryOf<S extends z.ZodType>(request: Request, schema: S): z.infer<S> {
  return read({ ...request.query }, schema)
}

const NoQuery = z.strictObject({})

/** For a route that takes no query. Throws RequestError `bad-request`. */
export function refuseQuery(request: Request): void {
  queryOf(request, NoQuery)
}

const Parameters = z.object({ id: z.string().max(64), name: z.string().max(64), who: z.string().max(256) }).partial()

/** A part of the path. */
export function parameterOf(request: Request, name: 'id' | 'name' | 'who'): string {
  return read(request.params, Parameters)[name] ?? ''
}

export function idempotencyKeyOf(request: Request): string | undefined {
  const given = request.headers['idempotency-key']
  if (given === undefined) return undefined
  const key = IdempotencyKey.safeParse(given)
  if (key.success) return key.data
  throw new RequestError('bad-request', 'an Idempotency-Key is 1 to 128 visible ASCII characters')
}

function read<S extends z.ZodType>(value: unknown, schema: S): z.infer<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue?.path.join('.')
  const sentence = `${where ? `${where}: ` : ''}${issue?.message}`
  const isTooLarge = issue?.code === 'custom' && issue.params?.['problem'] === 'too-large'
  throw new RequestError(isTooLarge ? 'too-large' : 'bad-request', sentence, { cause: result.error })
}

/** Aborts when the client has gone away or the daemon stops; and after so long, if given. */
export function signalOf(response: Response, stopping: AbortSignal, timeoutMs?: number): AbortSignal {
  const end = new AbortController()
  const abort = () => end.abort()
  const timer = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs)
  if (stopping.aborted) abort()
  stopping.addEventListener('abort', abort)
  response.once('close', () => {
    clearTimeout(timer)
    stopping.removeEventListener('abort', abort)
    abort()
  })
  return end.signal
}
