import { AddContact, ChangeContact, type Contact, type ContactList } from '@parley/shared/local-api/contacts.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, noBody, parameterOf, refuseQuery, signalOf } from '../request.ts'

/** Who is a contact, what they are called here, and who is blocked. */
export function contactBookRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/contacts')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ contacts: daemon.contacts.list() } satisfies ContactList)
    })
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { who, nickname } = bodyOf(request, AddContact)
      const contact = await daemon.contacts.add(who, nickname, signalOf(response, stopping))
      response.json(contact satisfies Contact)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))
  router
    .route('/api/v1/contacts/:who')
    .get(async (request, response) => {
      refuseQuery(request)
      const contact = await daemon.contacts.find(parameterOf(request, 'who'), signalOf(response, stopping))
      response.json(contact satisfies Contact)
    })
    .patch(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { nickname } = bodyOf(request, ChangeContact)
      const who = parameterOf(request, 'who')
      response.json((await daemon.contacts.setNickname(who, nickname, signalOf(response, stopping))) satisfies Contact)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PATCH'))
  router
    .route('/api/v1/contacts/:who/block')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      const contact = await daemon.contacts.block(parameterOf(request, 'who'), signalOf(response, stopping))
      response.json(contact satisfies Contact)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/contacts/:who/unblock')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      const contact = await daemon.contacts.unblock(parameterOf(request, 'who'), signalOf(response, stopping))
      response.json(contact satisfies Contact)
    })
    .all(methodNotAllowed('POST'))
  return router
}
