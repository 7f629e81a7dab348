import type { Health, Readiness } from '@parley/shared/directory-api/health.ts'
import { Router } from 'express'
import { methodNotAllowed } from '../error-handler.ts'
import { HttpError } from '../http-error.ts'
import { refuseQuery } from '../parameters.ts'

/** `/healthz`: the process answers. `/readyz`: it would accept a write. */
export function healthRoutes({ isReady }: { readonly isReady: () => boolean }): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/healthz')
    .get((request, response) => {
      refuseQuery(request)
      response.json({ status: 'ok' } satisfies Health)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  router
    .route('/readyz')
    .get((request, response) => {
      refuseQuery(request)
      if (!isReady()) throw new HttpError('unavailable', 'the directory is stopping or cannot write')
      response.json({ status: 'ready' } satisfies Readiness)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
