import type { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import { Router } from 'express'
import { everyLimit } from '#limits/directory-limits.ts'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../parameters.ts'

const FEATURES = ['presence', 'heartbeat', 'prekeys', 'search', 'hide-presence']

/** `GET /v1`: what this directory is. */
export function infoRoutes({
  directoryKey,
  admission,
  ipLookup,
  limits,
}: Pick<AppParts, 'directoryKey' | 'admission' | 'ipLookup' | 'limits'>): Router {
  const info: DirectoryInfo = {
    directoryKey,
    versions: ['v1'],
    features: [...FEATURES, ...(ipLookup ? ['lookup-by-address'] : []), ...admission.features],
    limits: everyLimit(limits),
  }
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1')
    .get((request, response) => {
      refuseQuery(request)
      response.json(info)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
