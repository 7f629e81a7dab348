import { type Proof, ProofQuery } from '@parley/shared/local-api/proof.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { queryOf } from '../request.ts'

/** Before the token is asked for: a client asks this first, and tells the token to nobody who cannot answer. */
export function proofRoute({ prove }: Pick<ApiParts, 'prove'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/proof')
    .get((request, response) => {
      const { nonce } = queryOf(request, ProofQuery)
      response.json({ proof: prove(nonce) } satisfies Proof)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}
