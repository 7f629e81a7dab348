import { type OwnProfile, OwnProfileChange, type RotatedKey } from '@parley/shared/local-api/account.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, noBody, refuseQuery } from '../request.ts'

/** The own account: its key, and what it says of itself. */
export function accountRoutes({ daemon }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/account/rotate-key')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      response.json((await daemon.rotateKey()) satisfies RotatedKey)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/account/profile')
    .get((request, response) => {
      refuseQuery(request)
      response.json(daemon.profile() satisfies OwnProfile)
    })
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      response.json((await daemon.changeProfile(bodyOf(request, OwnProfileChange))) satisfies OwnProfile)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))
  return router
}
