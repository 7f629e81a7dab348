import {
  MoveReader,
  type ReaderInfo,
  type ReaderList,
  ReaderName,
  type ReceivedPage,
  ReceivedQuery,
} from '@parley/shared/local-api/received.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { RequestError } from '../daemon.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, parameterOf, queryOf, refuseQuery, signalOf } from '../request.ts'

/** What others wrote, read once by each reader that keeps a cursor. */
export function receivedRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/received')
    .get(async (request, response) => {
      const query = queryOf(request, ReceivedQuery)
      const page = await daemon.received(query, signalOf(response, stopping, query.waitMs))
      response.json(page satisfies ReceivedPage)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/cursors')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ cursors: daemon.readers() } satisfies ReaderList)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/cursors/:name')
    .put(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { place } = bodyOf(request, MoveReader)
      response.json((await daemon.moveReader(nameOf(parameterOf(request, 'name')), place)) satisfies ReaderInfo)
    })
    .delete(async (request, response) => {
      refuseQuery(request)
      await daemon.forgetReader(nameOf(parameterOf(request, 'name')))
      response.status(204).end()
    })
    .all(methodNotAllowed('PUT', 'DELETE'))
  return router
}

function nameOf(text: string): string {
  const name = ReaderName.safeParse(text)
  if (name.success) return name.data
  throw new RequestError('bad-request', 'a cursor is called by at most 64 letters, digits and . _ -')
}
