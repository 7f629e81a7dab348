import { SIGN_IN_FRAGMENT, type SignedIn, SignIn, type SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { RequestError } from '../daemon.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { bodyOf, jsonBody, noBody, refuseQuery } from '../request.ts'

/** Before the token is asked for: the page that was opened by a link trades its code for the token. */
export function signInRoute({ codes, token }: Pick<ApiParts, 'codes' | 'token'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/sign-in')
    .post(jsonBody, (request, response) => {
      refuseQuery(request)
      if (!codes.redeem(bodyOf(request, SignIn).code)) {
        throw new RequestError(
          'sign-in-expired',
          'this link was used already or is too old: run parley open for a new one',
        )
      }
      response.json({ token } satisfies SignedIn)
    })
    .all(methodNotAllowed('POST'))
  return router
}

/** For whoever has the token already. */
export function signInLinkRoute({ signInLink }: Pick<ApiParts, 'signInLink'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router
    .route('/api/v1/sign-in-links')
    .post(noBody, (request, response) => {
      refuseQuery(request)
      response.status(201).json(signInLink() satisfies SignInLink)
    })
    .all(methodNotAllowed('POST'))
  return router
}

/** `origin` is that of the page. */
export function linkFor(origin: string, { code, expiresAt }: { code: string; expiresAt: number }): SignInLink {
  return { url: `${origin}/#${SIGN_IN_FRAGMENT}${code}`, expiresAt }
}
