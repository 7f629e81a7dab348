import { SearchQuery, type SearchResult } from '@parley/shared/directory-api/search.ts'
import { Router } from 'express'
import type { AppParts } from '../app-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { queryOf } from '../parameters.ts'

/** `GET /v1/search`. */
export function searchRoutes({ search, rateLimits }: Pick<AppParts, 'search' | 'rateLimits'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/search')
    .get(rateLimits.limit('search'), async (request, response) => {
      response.json({ users: await search.find(queryOf(request, SearchQuery)) } satisfies SearchResult)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
