import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { noBody, refuseQuery } from '../request.ts'

/** `GET /api/v1/status`, `POST /api/v1/stop`. */
export function daemonRoutes({ daemon }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/status')
    .get((request, response) => {
      refuseQuery(request)
      response.json(daemon.status() satisfies DaemonStatus)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/stop')
    .post(noBody, (request, response) => {
      refuseQuery(request)
      response.status(202).json({})
      daemon.stop()
    })
    .all(methodNotAllowed('POST'))
  return router
}
