import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_DIRECTORY_CONNECTIONS, MAX_HEADER_BYTES } from '@parley/shared/limits.ts'
import { problem } from './problems.ts'
import { answerRaw } from './raw-answer.ts'
import { isPresenceUpgrade } from './upgrade.ts'

export interface ServerTimeouts {
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
}

/** Node looks for requests that are late this often; its own default of 30 s would double the time-outs. */
const MAX_CHECK_MS = 1_000

export function createHttpServer(handle: RequestListener, timeouts: ServerTimeouts): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: Math.min(MAX_CHECK_MS, timeouts.headersMs),
      shouldUpgradeCallback: isPresenceUpgrade,
    },
    handle,
  )
  server.maxConnections = MAX_DIRECTORY_CONNECTIONS
  server.on('clientError', refuse)
  return server
}

const PARSE_PROBLEMS = new Map([
  ['HPE_HEADER_OVERFLOW', { ...problem('bad-request', `at most ${MAX_HEADER_BYTES} bytes of header`), status: 431 }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { ...problem('bad-request', 'the request did not arrive in time'), status: 408 }],
])

function refuse(error: Error & { code?: string }, stream: Duplex): void {
  if (error.code === 'ECONNRESET') {
    stream.destroy()
    return
  }
  answerRaw(stream, PARSE_PROBLEMS.get(error.code ?? '') ?? problem('bad-request', 'this is not HTTP/1.1'))
}
