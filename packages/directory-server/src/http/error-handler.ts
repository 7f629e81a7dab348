import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import { StoreError } from '#store/store-error.ts'
import type { DropReason, Drops } from './drops.ts'
import { HttpError } from './http-error.ts'
import { PROBLEM_TYPE, problemOf } from './problems.ts'
import { RETRY_AFTER_SECONDS } from './raw-answer.ts'

export interface ErrorHandlerOptions {
  readonly limits: Pick<DirectoryLimits, 'MAX_DROPPED_BODY_BYTES'>
  readonly log: Logger
  readonly drops: Drops
}

export function errorHandler({ limits, log, drops }: ErrorHandlerOptions): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const problem = problemOf(error)
    const reason = dropReasonOf(error)
    if (reason !== undefined) drops.count(reason)
    if (problem.code === 'internal') log.error({ err: error }, 'request failed')
    if (error instanceof StoreError) log.warn({ code: error.code }, 'refused by the store')
    if (problem.code === 'unavailable') response.setHeader('Retry-After', String(RETRY_AFTER_SECONDS))
    if (problem.code === 'busy') response.setHeader('Retry-After', '1')
    // Node would read and drop the rest of a body that nobody wanted.
    if (Number(request.headers['content-length'] ?? 0) > limits.MAX_DROPPED_BODY_BYTES)
      response.set('Connection', 'close')
    if (error instanceof HttpError) response.set(error.headers)
    response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }
}

const DROPPED = new Map<HttpError['code'], DropReason>([
  ['body-too-large', 'body-too-large'],
  ['bad-json', 'bad-body'],
  ['unsupported-media-type', 'unsupported-body'],
])

const FULL = new Map<StoreError['code'], DropReason>([
  ['busy', 'write-queue-full'],
  ['search-busy', 'search-queue-full'],
])

function dropReasonOf(error: unknown): DropReason | undefined {
  if (error instanceof StoreError) return FULL.get(error.code)
  return error instanceof HttpError ? DROPPED.get(error.code) : undefined
}

export const notFound: RequestHandler = (_request, _response, next) => {
  next(new HttpError('not-found', 'the paths of this directory begin with /v1; GET /v1 tells what it is'))
}

/** For a path that exists, after the handlers of the methods that it takes. */
export function methodNotAllowed(...methods: readonly string[]): RequestHandler {
  const allow = methods.join(', ')
  return (_request, _response, next) => {
    next(new HttpError('method-not-allowed', `this address takes ${allow}`, { headers: { Allow: allow } }))
  }
}
