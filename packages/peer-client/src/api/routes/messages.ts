import {
  EditMessage,
  type HistoryPage,
  HistoryQuery,
  type MarkedRead,
  MarkRead,
  MessageQuery,
  ReactToMessage,
  SendBatch,
  SendMessage,
  type SentBatch,
  WaitForAll,
  type Why,
} from '@parley/shared/local-api/messages.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { sendBatch, waitForAll } from '../batch.ts'
import { RequestError } from '../daemon.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, idempotencyKeyOf, jsonBody, noBody, parameterOf, queryOf, refuseQuery, signalOf } from '../request.ts'

/** Messages: write, wait for, take back, change, ask about, read again. */
export function messageRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/messages')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const idempotencyKey = idempotencyKeyOf(request)
      const { to, text, ...options } = bodyOf(request, SendMessage)
      const message = await daemon.send(to, text, { ...options, idempotencyKey }, signalOf(response, stopping))
      response.status(201).location(`/api/v1/messages/${message.id}`).json(message)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/batch')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const key = idempotencyKeyOf(request)
      const batch = bodyOf(request, SendBatch)
      response.status(201).json((await sendBatch(daemon, batch, key, signalOf(response, stopping))) satisfies SentBatch)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/wait')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const awaited = bodyOf(request, WaitForAll)
      const signal = signalOf(response, stopping, awaited.timeoutMs)
      response.json((await waitForAll(daemon, awaited, signal)) satisfies SentBatch)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id')
    .get(async (request, response) => {
      const { wait, timeoutMs } = queryOf(request, MessageQuery)
      const message = daemon.message(parameterOf(request, 'id'))
      if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
      const isAnswer = wait === undefined || timeoutMs === 0
      response.json(
        isAnswer ? message : await daemon.waitFor(message.id, wait, signalOf(response, stopping, timeoutMs)),
      )
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/messages/:id/cancel')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      response.json(await daemon.cancel(parameterOf(request, 'id')))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id/edit')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { text } = bodyOf(request, EditMessage)
      response.json(await daemon.edit(parameterOf(request, 'id'), text))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id/delete')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      response.json(await daemon.remove(parameterOf(request, 'id')))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id/react')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { emoji } = bodyOf(request, ReactToMessage)
      response.json(await daemon.react(parameterOf(request, 'id'), emoji))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id/hide')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      await daemon.hide(parameterOf(request, 'id'))
      response.status(204).end()
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/messages/:id/why')
    .get((request, response) => {
      refuseQuery(request)
      response.json(daemon.why(parameterOf(request, 'id')) satisfies Why)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/conversations/:who/messages')
    .get(async (request, response) => {
      const { limit, ...place } = queryOf(request, HistoryQuery)
      const page = await daemon.history(parameterOf(request, 'who'), limit, place)
      response.json(page satisfies HistoryPage)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/conversations/:who/read')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { upTo } = bodyOf(request, MarkRead)
      response.json({ isNew: await daemon.markRead(parameterOf(request, 'who'), upTo) } satisfies MarkedRead)
    })
    .all(methodNotAllowed('POST'))
  return router
}
