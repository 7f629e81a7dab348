import { ChangeSettings, type Settings } from '@parley/shared/local-api/settings.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, noBody, refuseQuery } from '../request.ts'

/** How the peer is doing, what it is set to, and its end. */
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
    .route('/api/v1/settings')
    .get((request, response) => {
      refuseQuery(request)
      response.json(daemon.settings() satisfies Settings)
    })
    .patch(jsonBody, async (request, response) => {
      refuseQuery(request)
      response.json((await daemon.changeSettings(bodyOf(request, ChangeSettings))) satisfies Settings)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PATCH'))
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
