import type { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import { Router } from 'express'
import { everyLimit } from '#limits/directory-limits.ts'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../parameters.ts'

/** `GET /v1`: what this directory is. */
export function infoRoutes({ directoryKey, limits }: Pick<AppParts, 'directoryKey' | 'limits'>): Router {
  const info: DirectoryInfo = {
    directoryKey,
    versions: ['v1'],
    features: ['presence', 'prekeys', 'search', 'lookup-by-address'],
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
