import { PutStatement } from '@parley/shared/directory-api/users.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { deviceOf, nameOf, refuseQuery } from '../parameters.ts'

/** `/v1/users/{name}/devices/{device}`. */
export function deviceRoutes({
  deviceStatements,
  readJsonBody,
  sources,
  rateLimits,
  log,
}: Pick<AppParts, 'deviceStatements' | 'readJsonBody' | 'sources' | 'rateLimits' | 'log'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/users/:name/devices/:device')
    .put(rateLimits.limit('write'), async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const device = deviceOf(request)
      const { statement } = await readJsonBody(request, PutStatement)
      const { outcome, user } = await deviceStatements.publish(name, device, statement, sources.of(request).address)
      if (outcome !== 'unchanged') log.info({ name, device }, `statement ${outcome}`)
      response.status(outcome === 'created' ? 201 : 200).json(user)
    })
    .all(methodNotAllowed('PUT'))
  return router
}
