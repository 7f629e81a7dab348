import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { StoreError } from '#store/store-error.ts'
import { HttpError } from './http-error.ts'
import { problemOf } from './problems.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const problem = problemOf(error)
    if (problem.code === 'internal') log.error({ err: error }, 'request failed')
    if (error instanceof StoreError) log.warn({ code: error.code }, 'write refused')
    if (problem.code === 'unavailable') response.setHeader('Retry-After', '5')
    if (error instanceof HttpError) response.set(error.headers)
    response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }
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
