import { type HeartbeatAnswer, PostHeartbeat } from '@parley/shared/directory-api/heartbeat.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { nameOf, refuseQuery } from '../parameters.ts'

type Parts = Pick<AppParts, 'heartbeats' | 'readJsonBody' | 'sources' | 'rateLimits'>

/** `POST /v1/users/{name}/heartbeat`. */
export function heartbeatRoutes({ heartbeats, readJsonBody, sources, rateLimits }: Parts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/users/:name/heartbeat')
    .post(rateLimits.limit('write'), async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const { heartbeat } = await readJsonBody(request, PostHeartbeat)
      response.json((await heartbeats.take(name, heartbeat, sources.of(request).address)) satisfies HeartbeatAnswer)
    })
    .all(methodNotAllowed('POST'))
  return router
}
