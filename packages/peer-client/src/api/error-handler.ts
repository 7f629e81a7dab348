import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { RequestError } from './daemon.ts'
import { problem, problemOf } from './problems.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export function errorHandler(log: Logger, stopping: AbortSignal): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    // Whoever asked has gone: what was under way ended because of that.
    if (response.closed) return
    if (response.headersSent) {
      next(error)
      return
    }
    let answer = problemOf(error)
    if (answer.code === 'internal') {
      if (stopping.aborted) answer = problem('stopping', 'the daemon is stopping; start it again with parley start')
      else log.error({ err: error }, 'request failed')
    }
    if (answer.code === 'unauthorised') response.setHeader('WWW-Authenticate', 'Bearer')
    if (answer.status === 429 || answer.status === 503) response.setHeader('Retry-After', '1')
    response.status(answer.status).type(PROBLEM_TYPE).send(JSON.stringify(answer))
  }
}

export const notFound: RequestHandler = (_request, _response, next) => {
  next(new RequestError('not-found', 'the addresses of this API begin with /api/v1'))
}

/** For a path that exists, after the handlers of the methods that it takes. */
export function methodNotAllowed(...methods: readonly string[]): RequestHandler {
  const allow = methods.join(', ')
  return (_request, response, next) => {
    response.setHeader('Allow', allow)
    next(new RequestError('method-not-allowed', `this address takes ${allow}`))
  }
}
