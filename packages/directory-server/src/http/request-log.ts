import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

/** One line for each request. The route and not the path: the log of a directory need not know who looked for whom. */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    response.once('close', () => {
      const route: unknown = request.route
      const path = hasPath(route) ? route.path : undefined
      const ms = Math.round((performance.now() - started) * 10) / 10
      log.debug({ method: request.method, route: path, status: response.statusCode, ms }, 'request')
    })
    next()
  }
}

function hasPath(route: unknown): route is { path: unknown } {
  return typeof route === 'object' && route !== null && 'path' in route
}
