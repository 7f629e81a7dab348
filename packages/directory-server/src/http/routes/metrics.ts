import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { HttpError } from '../http-error.ts'
import { isLoopback } from '../listen.ts'
import { refuseQuery } from '../parameters.ts'
import { canonicalAddress } from '../source-address.ts'

/** Who may read the metrics: everybody, this machine without a proxy between, nobody. */
export type MetricsAccess = 'on' | 'loopback' | 'off'

/** `/metrics`, in the format of Prometheus. To whom it is closed it is not there. */
export function metricsRoutes({ metrics, metricsAccess: access }: Pick<AppParts, 'metrics' | 'metricsAccess'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  if (access === 'off') return router
  router
    .route('/metrics')
    .get(async (request, response) => {
      refuseQuery(request)
      // A proxy on this machine brings requests of strangers from a loopback address.
      const isForwarded = request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined
      const isLocal = isLoopback(canonicalAddress(request.socket.remoteAddress ?? '')) && !isForwarded
      if (access === 'loopback' && !isLocal) {
        throw new HttpError('not-found', 'metrics are for the machine of the directory; --metrics on opens them')
      }
      const { contentType, text } = await metrics.read()
      response.set('Content-Type', contentType).send(text)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
