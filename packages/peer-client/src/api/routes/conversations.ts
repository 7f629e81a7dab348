import type { ConversationList, ToldTyping } from '@parley/shared/local-api/conversations.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { noBody, parameterOf, refuseQuery } from '../request.ts'

/** All conversations at a glance, and who writes in them. */
export function conversationRoutes({ daemon }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/conversations')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ conversations: daemon.conversations() } satisfies ConversationList)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/conversations/:who/typing')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      response.json({ isTold: await daemon.tellTyping(parameterOf(request, 'who')) } satisfies ToldTyping)
    })
    .all(methodNotAllowed('POST'))
  return router
}
