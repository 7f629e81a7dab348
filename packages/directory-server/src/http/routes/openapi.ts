import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Response, Router } from 'express'
import { methodNotAllowed } from '../error-handler.ts'
import { refuseQuery } from '../parameters.ts'

const require = createRequire(import.meta.url)

/** Offline and without inline code: the page reaches nothing but this directory. Swagger UI draws some of its icons as data. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Parley directory: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<main id="api"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/init.js"></script>
</html>
`

// Relative, so that the page works below a path of a proxy too. No validator: it would be asked over the network.
const INIT = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', validatorUrl: null, deepLinking: true })
`

/** `/openapi.json`, and `/docs` to read it with. Both are made when they are first asked for. */
export function openApiRoutes({ openApi }: { readonly openApi: () => string }): Router {
  const router = Router({ strict: true, caseSensitive: true })
  let document: string | undefined
  router
    .route('/openapi.json')
    .get((request, response) => {
      refuseQuery(request)
      document ??= openApi()
      response.type('application/json').send(document)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  const files = new Map<string, Buffer>()
  const distribution = () => dirname(require.resolve('swagger-ui-dist/package.json'))
  const serve = (path: string, type: string, read: () => string | Buffer) => {
    router
      .route(path)
      .get((request, response) => {
        refuseQuery(request)
        const known = files.get(path) ?? Buffer.from(read())
        files.set(path, known)
        sendFile(response, type, known)
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
