import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import type { Metrics } from '../metrics.ts'
import { refuseQuery } from '../request.ts'

/** For Prometheus, which sends the token as any client does (`authorization: credentials_file`). */
export function metricsRoutes({ daemon }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  let metrics: Metrics | undefined
  router
    .route('/metrics')
    .get(async (request, response) => {
      refuseQuery(request)
      // Only now: a daemon that nobody measures starts without it.
      const module = await import('../metrics.ts')
      metrics ??= new module.Metrics(daemon)
      const { contentType, text } = await metrics.read()
      response.set('Content-Type', contentType).send(text)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
