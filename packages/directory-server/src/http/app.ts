import { packageVersion } from '@parley/shared/package-version.ts'
import express, { type Express } from 'express'
import { ANSWER_HEADERS } from './answer-headers.ts'
import type { AppParts } from './app-parts.ts'
import { errorHandler, notFound } from './error-handler.ts'
import { createOpenApi } from './openapi/document.ts'
import { requestLog } from './request-log.ts'
import { deviceRoutes } from './routes/devices.ts'
import { healthRoutes } from './routes/health.ts'
import { heartbeatRoutes } from './routes/heartbeat.ts'
import { infoRoutes } from './routes/info.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { prekeyRoutes } from './routes/prekeys.ts'
import { presenceRoutes } from './routes/presence.ts'
import { searchRoutes } from './routes/search.ts'
import { userRoutes } from './routes/users.ts'

export function createApp(parts: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('strict routing')
  app.enable('case sensitive routing')
  // Forwarding headers are claims of strangers until an operator names the proxy that may set them.
  app.set('trust proxy', false)
  app.set('query parser', 'simple')
  app.use(requestLog(parts.log, parts.metrics.requests))
  app.use((_request, response, next) => {
    response.setHeaders(ANSWER_HEADERS)
    next()
  })
  app.use(parts.admission.refuseWrites)
  app.use(healthRoutes(parts))
  app.use(metricsRoutes(parts))
  app.use(openApiRoutes({ openApi: () => createOpenApi(packageVersion(import.meta.url)) }))
  app.use(infoRoutes(parts))
  app.use(userRoutes(parts))
  app.use(searchRoutes(parts))
  app.use(deviceRoutes(parts))
  app.use(heartbeatRoutes(parts))
  app.use(prekeyRoutes(parts))
  app.use(presenceRoutes())
  app.use(notFound)
  app.use(errorHandler(parts))
  return app
}
