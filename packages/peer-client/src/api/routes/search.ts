import { type SearchPage, SearchQuery } from '@parley/shared/local-api/search.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { queryOf, signalOf } from '../request.ts'

/** Messages by what they say. */
export function searchRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/search')
    .get(async (request, response) => {
      const page = await daemon.search(queryOf(request, SearchQuery), signalOf(response, stopping))
      response.json(page satisfies SearchPage)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
