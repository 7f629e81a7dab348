import { Broadcast, type BroadcastResult } from '@parley/shared/local-api/messages.ts'
import type { PeerList } from '@parley/shared/local-api/peers.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { sendToConnected } from '../broadcast.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, idempotencyKeyOf, jsonBody, refuseQuery, signalOf } from '../request.ts'

/** For a script in one line: `GET /peers`, `POST /send`. */
export function shortRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/peers')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ peers: daemon.peers() } satisfies PeerList)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/send')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const key = idempotencyKeyOf(request)
      const { msg } = bodyOf(request, Broadcast)
      const result = await sendToConnected(daemon, msg, key, signalOf(response, stopping))
      response.status(201).json(result satisfies BroadcastResult)
    })
    .all(methodNotAllowed('POST'))
  return router
}
