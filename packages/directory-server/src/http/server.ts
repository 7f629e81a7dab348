import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { MAX_DIRECTORY_CONNECTIONS, MAX_HEADER_BYTES } from '@parley/shared/limits.ts'
import type { DropReason, Drops } from './drops.ts'
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

export function createHttpServer(handle: RequestListener, timeouts: ServerTimeouts, drops: Drops): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node wants it so; a header that is late makes its request late too.
      headersTimeout: Math.min(timeouts.headersMs, timeouts.requestMs),
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: Math.min(MAX_CHECK_MS, timeouts.headersMs),
      shouldUpgradeCallback: isPresenceUpgrade,
    },
    handle,
  )
  server.maxConnections = MAX_DIRECTORY_CONNECTIONS
  server.on('drop', () => drops.count('connections'))
  server.on('clientError', (error: ParseError, stream) => refuse(error, stream, drops))
  return server
}

interface ParseError extends Error {
  readonly code?: string
}

interface ParseRefusal {
  readonly reason: DropReason
  readonly problem: Problem
}

const NOT_HTTP: ParseRefusal = { reason: 'not-http', problem: problem('bad-request', 'this is not HTTP/1.1') }

const PARSE_REFUSALS = new Map<string | undefined, ParseRefusal>([
  [
    'HPE_HEADER_OVERFLOW',
    {
      reason: 'header-too-large',
      problem: { ...problem('bad-request', `at most ${MAX_HEADER_BYTES} bytes of header`), status: 431 },
    },
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    {
      reason: 'request-timeout',
      problem: { ...problem('bad-request', 'the request did not arrive in time'), status: 408 },
    },
  ],
])

function refuse({ code }: ParseError, stream: Duplex, drops: Drops): void {
  if (code === 'ECONNRESET') {
    stream.destroy()
    return
  }
  const { reason, problem } = PARSE_REFUSALS.get(code) ?? NOT_HTTP
  drops.count(reason)
  answerRaw(stream, problem)
}
