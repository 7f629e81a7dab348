import { PutStatement } from '@parley/shared/directory-api/users.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { deviceOf, nameOf, refuseQuery } from '../parameters.ts'
import { sourceOf } from '../source-address.ts'

/** `/v1/users/{name}/devices/{device}`. */
export function deviceRoutes({
  deviceStatements,
  readJsonBody,
  log,
}: Pick<AppParts, 'deviceStatements' | 'readJsonBody' | 'log'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/users/:name/devices/:device')
    .put(async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const device = deviceOf(request)
      const { statement } = await readJsonBody(request, PutStatement)
      const { outcome, user } = await deviceStatements.publish(name, device, statement, sourceOf(request))
      if (outcome !== 'unchanged') log.info({ name, device }, `statement ${outcome}`)
      response.status(outcome === 'created' ? 201 : 200).json(user)
    })
    .all(methodNotAllowed('PUT'))
  return router
}
