import type { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import type { DirectoryKey } from '@parley/shared/ids.ts'
import { Router } from 'express'
import { DIRECTORY_LIMITS } from '../directory-limits.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../parameters.ts'

/** `GET /v1`: what this directory is. */
export function infoRoutes({ directoryKey }: { readonly directoryKey: DirectoryKey }): Router {
  const info: DirectoryInfo = {
    directoryKey,
    versions: ['v1'],
    features: ['presence', 'prekeys', 'lookup-by-address'],
    limits: DIRECTORY_LIMITS,
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
