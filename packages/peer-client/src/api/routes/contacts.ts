import {
  type AcceptedKey,
  type KeyChange,
  KeyDecision,
  type SafetyNumber,
  VerifyContact,
} from '@parley/shared/local-api/trust.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, noBody, parameterOf, refuseQuery, signalOf } from '../request.ts'

/** Whom the user trusts: safety numbers, and decisions about changed keys. */
export function contactRoutes({ daemon, stopping }: ApiParts): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/contacts/:who/safety-number')
    .get(async (request, response) => {
      refuseQuery(request)
      const number = await daemon.safetyNumber(parameterOf(request, 'who'), signalOf(response, stopping))
      response.json(number satisfies SafetyNumber)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/contacts/:who/verify')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { proof } = bodyOf(request, VerifyContact)
      response.json(await daemon.verify(parameterOf(request, 'who'), proof, signalOf(response, stopping)))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/contacts/:who/unverify')
    .post(noBody, async (request, response) => {
      refuseQuery(request)
      response.json(await daemon.unverify(parameterOf(request, 'who'), signalOf(response, stopping)))
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/contacts/:who/key-change')
    .get(async (request, response) => {
      refuseQuery(request)
      const change = await daemon.keyChange(parameterOf(request, 'who'), signalOf(response, stopping))
      response.json(change satisfies KeyChange)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/api/v1/contacts/:who/accept-key')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { key } = bodyOf(request, KeyDecision)
      const accepted = await daemon.acceptKey(parameterOf(request, 'who'), key, signalOf(response, stopping))
      response.json(accepted satisfies AcceptedKey)
    })
    .all(methodNotAllowed('POST'))
  router
    .route('/api/v1/contacts/:who/refuse-key')
    .post(jsonBody, async (request, response) => {
      refuseQuery(request)
      const { key } = bodyOf(request, KeyDecision)
      const refused = await daemon.refuseKey(parameterOf(request, 'who'), key, signalOf(response, stopping))
      response.json(refused satisfies AcceptedKey)
    })
    .all(methodNotAllowed('POST'))
  return router
}
