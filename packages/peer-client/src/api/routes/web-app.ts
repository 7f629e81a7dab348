import type { AppFile } from '@parley/web-ui'
import { type RequestHandler, Router } from 'express'
import type { ApiParts } from '../api-parts.ts'
import { RequestError } from '../daemon.ts'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../request.ts'

// Only what came from here runs, and only DOMPurify may make elements out of a text.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ')

/** Only now: a daemon whose page nobody opens starts without any of it. */
async function loadFiles(): Promise<ReadonlyMap<string, AppFile>> {
  const { appFiles } = await import('@parley/web-ui')
  return appFiles()
}

/** The web app itself holds no secret, so it is served without the token, to whoever asks by the right name. */
export function webAppRoutes({ log }: Pick<ApiParts, 'log'>): Router {
  const router = Router({ strict: true, caseSensitive: true })
  let loading: Promise<ReadonlyMap<string, AppFile>> | undefined
  const files = () => {
    loading ??= loadFiles().catch((error: unknown) => {
      // Whoever asks again after mending it need not start the daemon again.
      loading = undefined
      log.error({ err: error }, 'the web app cannot be served')
      const why = error instanceof Error ? error.message : String(error)
      throw new RequestError('web-app-unavailable', `${why}. Everything else works: parley help`, { cause: error })
    })
    return loading
  }
  const serve: RequestHandler = async (request, response) => {
    refuseQuery(request)
    const file = (await files()).get(request.path)
    if (file === undefined) throw new RequestError('not-found', 'the web app has no such file')
    response.set({ 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Content-Type': file.type })
    response.send(file.bytes)
  }
  for (const path of ['/', '/assets/{*name}', '/manifest.webmanifest', '/icon.svg', '/icon-192.png', '/icon-512.png']) {
    router.route(path).get(serve).all(methodNotAllowed('GET', 'HEAD'))
  }
  return router
}
