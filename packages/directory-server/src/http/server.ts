import type { RequestListener, Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { http } from '@parley/shared/node-http.ts'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import type { DropReason, Drops } from './drops.ts'
import { problem } from './problems.ts'
import { answerRaw } from './raw-answer.ts'
import type { LoadedTls } from './tls-files.ts'
import { isPresenceUpgrade } from './upgrade.ts'

export type WebServer = Server | TlsServer

type ServerLimits = Pick<
  DirectoryLimits,
  | 'KEEP_ALIVE_TIMEOUT_MS'
  | 'MAX_DIRECTORY_CONNECTIONS'
  | 'MAX_HEADER_BYTES'
  | 'REQUEST_HEADERS_TIMEOUT_MS'
  | 'REQUEST_TIMEOUT_MS'
  | 'STALLED_TIMEOUT_MS'
  | 'TLS_HANDSHAKE_TIMEOUT_MS'
>

/** Node looks for requests that are late this often; its own default of 30 s would double the time-outs. */
const MAX_CHECK_MS = 1_000

export interface ServerOptions {
  readonly handle: RequestListener
  readonly limits: ServerLimits
  readonly drops: Drops
  /** Without it the server speaks plain HTTP. */
  readonly tls: LoadedTls | undefined
}

export function createHttpServer({ handle, limits, drops, tls }: ServerOptions): WebServer {
  const { MAX_HEADER_BYTES, REQUEST_HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS } = limits
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node wants it so; a header that is late makes its request late too.
    headersTimeout: Math.min(REQUEST_HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: Math.min(MAX_CHECK_MS, REQUEST_HEADERS_TIMEOUT_MS),
    shouldUpgradeCallback: isPresenceUpgrade,
  }
  const server =
    tls === undefined
      ? http.createServer(options, handle)
      : createTlsServer({ ...options, ...tls.options, handshakeTimeout: limits.TLS_HANDSHAKE_TIMEOUT_MS }, handle)
  server.maxConnections = limits.MAX_DIRECTORY_CONNECTIONS
  server.setTimeout(limits.STALLED_TIMEOUT_MS, (socket) => {
    // Also the end of a connection that was kept alive for nothing.
    if (socket.writableLength > 0) drops.count('stalled-reader')
    socket.destroy()
  })
  server.on('drop', () => drops.count('connections'))
  server.on('clientError', (error: ParseError, stream) => refuse(error, stream, limits, drops))
  return server
}

interface ParseError extends Error {
  readonly code?: string
}

interface ParseRefusal {
  readonly reason: DropReason
  readonly problem: Problem
}

function refuse({ code }: ParseError, stream: Duplex, limits: ServerLimits, drops: Drops): void {
  if (code === 'ECONNRESET') {
    stream.destroy()
    return
  }
  // Node reports a handshake that failed here too; there is nothing yet to write an answer on.
  if (code?.startsWith('ERR_SSL_') || code?.startsWith('ERR_TLS_')) {
    drops.count('tls-handshake')
    stream.destroy()
    return
  }
  const { reason, problem } = refusalOf(code, limits)
  drops.count(reason)
  answerRaw(stream, problem)
}

function refusalOf(code: string | undefined, { MAX_HEADER_BYTES }: ServerLimits): ParseRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        reason: 'header-too-large',
        problem: { ...problem('bad-request', `at most ${MAX_HEADER_BYTES} bytes of header`), status: 431 },
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        reason: 'request-timeout',
        problem: { ...problem('bad-request', 'the request did not arrive in time'), status: 408 },
      }
    default:
      return { reason: 'not-http', problem: problem('bad-request', 'this is not HTTP/1.1') }
  }
}
