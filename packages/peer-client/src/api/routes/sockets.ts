import { type RequestHandler, Router } from 'express'
import { RequestError } from '../daemon.ts'
import { SOCKET_PATHS } from '../upgrade.ts'

/** Where a WebSocket is spoken, for a request that did not ask for one. */
export function socketRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const explain: RequestHandler = (_request, _response, next) => {
    next(new RequestError('bad-request', 'this address speaks WebSocket: send Upgrade: websocket'))
  }
  for (const path of SOCKET_PATHS) router.all(path, explain)
  return router
}
