import { Router } from 'express'
import { methodNotAllowed } from '../error-handler.ts'
import { HttpError } from '../http-error.ts'

/** `/v1/presence` for whoever does not ask for a WebSocket; the upgrade itself is in `upgrade.ts`. */
export function presenceRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/v1/presence')
    .get(() => {
      throw new HttpError('bad-request', 'this address is a WebSocket', { headers: { Upgrade: 'websocket' } })
    })
    .all(methodNotAllowed('GET'))
  return router
}
