import {
  FindQuery,
  type FoundUsers,
  type PeerInfo,
  type PeerList,
  Target,
  type Traffic,
} from '@parley/shared/local-api/peers.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, queryOf, refuseQuery, signalOf } from '../request.ts'

/** Who is there, and being connected to them. */
export function peerRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/peers')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ peers: daemon.peers() } satisfies PeerList)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/traffic')
    .get((request, response) => {
      refuseQuery(request)
      response.json(daemon.traffic() satisfies Traffic)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/find')
    .get(async (request, response) => {
      const { q } = queryOf(request, FindQuery)
      response.json({ users: await daemon.find(q, signalOf(response, stopping)) } satisfies FoundUsers)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/connect')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { target } = bodyOf(request, Target)
      response.json((await daemon.connect(target, signalOf(response, stopping))) satisfies PeerInfo)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/disconnect')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      await daemon.disconnect(bodyOf(request, Target).target)
      response.status(204).end()
    })
    .all(methodNotAllowed('POST'))
  return router
}
