import {
  type ClaimedPrekeys,
  ClaimPrekeys,
  type PrekeyCount,
  PutPrekeys,
} from '@parley/shared/directory-api/prekeys.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { deviceOf, nameOf, refuseQuery } from '../parameters.ts'

/** `/v1/users/{name}/devices/{device}/prekeys` and `…/prekeys/claim`. */
export function prekeyRoutes({
  prekeys,
  readJsonBody,
  limits,
  rateLimits,
  log,
}: Pick<AppParts, 'prekeys' | 'readJsonBody' | 'limits' | 'rateLimits' | 'log'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/users/:name/devices/:device/prekeys')
    .get(rateLimits.limit('lookup'), (request, response) => {
      refuseQuery(request)
      const oneTime = prekeys.count(nameOf(request), deviceOf(request))
      response.json({ oneTime } satisfies PrekeyCount)
    })
    .put(rateLimits.limit('write'), async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const device = deviceOf(request)
      const body = await readJsonBody(request, PutPrekeys, limits.MAX_PREKEY_BODY_BYTES)
      const oneTime = await prekeys.upload(name, device, body.upload, body.prekeys)
      log.info({ name, device, oneTime }, 'prekeys uploaded')
      response.json({ oneTime } satisfies PrekeyCount)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PUT'))
  router
    .route('/v1/users/:name/devices/:device/prekeys/claim')
    .post(rateLimits.limit('write'), async (request, response) => {
      refuseQuery(request)
      const name = nameOf(request)
      const device = deviceOf(request)
      const { claim } = await readJsonBody(request, ClaimPrekeys)
      const bundle = await prekeys.claim(name, device, claim, () => rateLimits.mayHandOut(request, device))
      log.info({ name, device, isOneTime: bundle.curve !== undefined }, 'prekeys claimed')
      response.json({ bundle } satisfies ClaimedPrekeys)
    })
    .all(methodNotAllowed('POST'))
  return router
}
