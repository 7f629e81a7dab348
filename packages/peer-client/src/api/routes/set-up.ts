import { type NameCheck, NameQuery, SetUp, type SetUpDone, type SetUpState } from '@parley/shared/local-api/set-up.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { RequestError } from '../daemon.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, queryOf, refuseQuery, signalOf } from '../request.ts'
import type { SettingUp } from '../set-up.ts'

/** A name is chosen, and the profile is made. There is no peer yet that anything else could be asked of. */
export function setUpRoutes({ settingUp, stopping }: Pick<ApiParts, 'stopping'> & { settingUp: SettingUp }): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/set-up')
    .get((request, response) => {
      refuseQuery(request)
      const { directory } = settingUp
      response.json((directory === undefined ? {} : { directory }) satisfies SetUpState)
    })
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      response.status(201).json((await settingUp.create(bodyOf(request, SetUp))) satisfies SetUpDone)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))
  router
    .route('/api/v1/set-up/name')
    .get(async (request, response) => {
      const { name, directory } = queryOf(request, NameQuery)
      const check = await settingUp.checkName(name, directory, signalOf(response, stopping))
      response.json(check satisfies NameCheck)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router.use(() => {
    throw new RequestError('not-set-up', 'there is no profile yet: choose a name on the page that parley start shows')
  })
  return router
}
