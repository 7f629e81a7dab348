import { type EventsPage, EventsQuery } from '@parley/shared/local-api/events.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { queryOf, signalOf } from '../request.ts'

/** What happened while nobody listened; as a WebSocket the same address tells what happens. */
export function eventRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/events')
    .get(async (request, response) => {
      const query = queryOf(request, EventsQuery)
      const page = await daemon.eventsAfter(query, signalOf(response, stopping, query.waitMs))
      response.json(page satisfies EventsPage)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
