import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { packageVersion } from '@parley/shared/package-version.ts'
import { type Response, Router } from 'express'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../request.ts'

const require = createRequire(import.meta.url)

/** Offline and without inline code: the page reaches nothing but this daemon. Swagger UI draws some of its icons as data. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Parley: local API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<main id="api"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/init.js"></script>
</html>
`

// No validator: it would be asked over the network.
const INIT = `SwaggerUIBundle({ url: 'api/v1/openapi.json', dom_id: '#api', validatorUrl: null, deepLinking: true })
`

/** The document of the API, and `/docs` to read it with. Neither holds a secret, so both are served without the token. */
export function openApiRoutes(): Router {
  const router = Router({ strict: true, caseSensitive: true })
  let document: string | undefined
  router
    .route('/api/v1/openapi.json')
    .get(async (request, response) => {
      refuseQuery(request)
      // Only now: a daemon whose document nobody reads starts without it.
      const { createOpenApi } = await import('../openapi/document.ts')
      document ??= createOpenApi(packageVersion(import.meta.url))
      response.type('application/json').send(document)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  const distribution = () => dirname(require.resolve('swagger-ui-dist/package.json'))
  const serve = (path: string, type: string, read: () => string | Buffer) => {
    router
      .route(path)
      .get((request, response) => {
        refuseQuery(request)
        sendFile(response, type, Buffer.from(read()))
      })
      .all(methodNotAllowed('GET', 'HEAD'))
  }
  serve('/docs', 'text/html', () => PAGE)
  serve('/docs/init.js', 'text/javascript', () => INIT)
  for (const [file, type] of [
    ['swagger-ui.css', 'text/css'],
    ['swagger-ui-bundle.js', 'text/javascript'],
  ] as const) {
    serve(`/docs/${file}`, type, () => readFileSync(join(distribution(), file)))
  }
  return router
}

function sendFile(response: Response, type: string, body: Buffer): void {
  response.setHeader('Content-Security-Policy', PAGE_POLICY)
  response.type(type).send(body)
}
