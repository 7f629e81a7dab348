import { type RequestHandler, Router } from 'express'
import { RequestError } from '../daemon.ts'
import { CHAT_PATH } from '../upgrade.ts'

/** Where a WebSocket is spoken, for a request that did not ask for one. */
export function socketRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const explain: RequestHandler = (_request, _response, next) => {
    next(new RequestError('bad-request', 'this address speaks WebSocket: send Upgrade: websocket'))
  }
  router.all(CHAT_PATH, explain)
  return router
}
