import type { ConversationList } from '@parley/shared/local-api/conversations.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../request.ts'

/** All conversations at a glance. */
export function conversationRoutes({ daemon }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/conversations')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ conversations: daemon.conversations() } satisfies ConversationList)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
