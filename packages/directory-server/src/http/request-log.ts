import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { RouteMeters } from '#metrics/route-meter.ts'

/**
 * Counts each request, and writes one line for it. The route and not the path: neither the log nor the metrics of a directory
 * need know who looked for whom.
 */
export function requestLog(log: Logger, meters: RouteMeters): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    response.once('close', () => {
      const route: unknown = request.route
      const path = hasPath(route) ? route.path : undefined
      const ms = performance.now() - started
      const { statusCode: status, writableFinished } = response
      meters.meter(request.method, path ?? 'none').record(writableFinished ? status : 'aborted', ms)
      log.debug({ method: request.method, route: path, status, ms: Math.round(ms * 10) / 10 }, 'request')
    })
    next()
  }
}

function hasPath(route: unknown): route is { path: string } {
  return typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string'
}
