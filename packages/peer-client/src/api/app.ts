import express, { type Express, type RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { ApiParts } from './api-parts.ts'
import { errorHandler, notFound } from './error-handler.ts'
import type { Gate } from './gate.ts'
import { accountRoutes } from './routes/account.ts'
import { contactBookRoutes } from './routes/contact-book.ts'
import { contactRoutes } from './routes/contacts.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { daemonRoutes } from './routes/daemon.ts'
import { eventRoutes } from './routes/events.ts'
import { exportRoutes } from './routes/export.ts'
import { messageRoutes } from './routes/messages.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { peerRoutes } from './routes/peers.ts'
import { proofRoute } from './routes/proof.ts'
import { receivedRoutes } from './routes/received.ts'
import { searchRoutes } from './routes/search.ts'
import { setUpRoutes } from './routes/set-up.ts'
import { shortRoutes } from './routes/short.ts'
import { signInLinkRoute, signInRoute } from './routes/sign-in.ts'
import { socketRoutes } from './routes/sockets.ts'
import { webAppRoutes } from './routes/web-app.ts'
import type { SettingUp } from './set-up.ts'

type CommonParts = Omit<ApiParts, 'daemon'>

/** `gate` is known only once the port is. */
export function createApp(parts: ApiParts, gate: () => Gate): Express {
  return guardedApp(parts, gate, (app) => {
    app.use(daemonRoutes(parts))
    app.use(peerRoutes(parts))
    app.use(accountRoutes(parts))
    app.use(contactBookRoutes(parts))
    app.use(contactRoutes(parts))
    app.use(conversationRoutes(parts))
    app.use(messageRoutes(parts))
    app.use(receivedRoutes(parts))
    app.use(searchRoutes(parts))
    app.use(eventRoutes(parts))
    app.use(exportRoutes(parts))
    app.use(metricsRoutes(parts))
    app.use(shortRoutes(parts))
    app.use(socketRoutes())
  })
}

/** The same before there is a profile. */
export function createSetUpApp(parts: CommonParts & { settingUp: SettingUp }, gate: () => Gate): Express {
  return guardedApp(parts, gate, (app) => app.use(setUpRoutes(parts)))
}

/** What `addRoutes` adds is asked for by this machine, with the token. */
function guardedApp(parts: CommonParts, gate: () => Gate, addRoutes: (app: Express) => void): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('strict routing')
  app.enable('case sensitive routing')
  app.set('trust proxy', false)
  app.set('query parser', 'simple')
  app.use(requestLog(parts.log))
  app.use((_request, response, next) => {
    response.set(SECURITY_HEADERS)
    next()
  })
  app.use(({ headers }, _response, next) => {
    gate().checkSource(headers)
    next()
  })
  // All that answers without the token.
  app.use(webAppRoutes(parts))
  app.use(openApiRoutes())
  app.use(signInRoute(parts))
  app.use(proofRoute(parts))
  app.use(({ headers }, _response, next) => {
    gate().checkToken(headers)
    next()
  })
  app.use(signInLinkRoute(parts))
  addRoutes(app)
  app.use(notFound)
  app.use(errorHandler(parts.log, parts.stopping))
  return app
}

const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** One line for each request. The route and not the path: a log need not know who writes to whom. */
function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now()
    response.once('close', () => {
      const route: unknown = request.route
      const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined
      const ms = Math.round((performance.now() - started) * 10) / 10
      log.debug({ method: request.method, route: path, status: response.statusCode, ms }, 'request')
    })
    next()
  }
}
