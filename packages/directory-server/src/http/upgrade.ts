import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { WebSocketServer } from 'ws'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import type { Presence } from '#presence/presence.ts'
import type { DropReason, Drops } from './drops.ts'
import { problem } from './problems.ts'
import type { RateLimits } from './rate-limits.ts'
import { answerRaw } from './raw-answer.ts'
import type { WebServer } from './server.ts'
import type { SocketGate } from './socket-gate.ts'
import type { Sources } from './source-address.ts'

/** Whether a request becomes a WebSocket here; any other request that asks for an upgrade is answered as if it did not (RFC 9110 section 7.8). */
export function isPresenceUpgrade({ method, url, headers }: IncomingMessage): boolean {
  const [path] = (url ?? '').split('?')
  return method === 'GET' && path === '/v1/presence' && headers.upgrade?.toLowerCase() === 'websocket'
}

interface UpgradeParts {
  readonly presence: Presence
  readonly sources: Sources
  readonly gate: SocketGate
  readonly rateLimits: RateLimits
  readonly limits: Pick<DirectoryLimits, 'MAX_PRESENCE_FRAME_BYTES'>
  readonly drops: Drops
}

/** Makes presence visits of upgrade requests. */
export function acceptUpgrades(
  server: WebServer,
  { presence, sources, gate, rateLimits, limits, drops }: UpgradeParts,
): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.MAX_PRESENCE_FRAME_BYTES,
    perMessageDeflate: false,
  })
  // A handshake that breaks RFC 6455.
  sockets.on('wsClientError', (error, stream) => {
    drops.count('bad-upgrade')
    answerRaw(stream, problem('bad-request', error.message))
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Until ws takes the stream over nobody else listens, and an unheard error would end the process.
    const ignore = () => {}
    stream.on('error', ignore)
    const refusal = judge(request, presence)
    if (refusal !== undefined) {
      drops.count(refusal.reason)
      answerRaw(stream, refusal.problem)
      return
    }
    const source = sources.of(request)
    // A connection of its own has been counted as a connection.
    if (source !== sources.ofConnection(request.socket) && gate.enter(source, stream) !== undefined) {
      answerRaw(stream, problem('rate-limited', 'too many connections from your address; try again later'))
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', ignore)
      presence.accept(socket, stream, {
        address: source.address,
        mayWatch: (names) => rateLimits.mayWatch(source, names),
      })
    })
  })
}

interface Refusal {
  readonly reason: DropReason
  readonly problem: Problem
}

function judge({ url }: IncomingMessage, presence: Presence): Refusal | undefined {
  if (url?.includes('?')) {
    return { reason: 'bad-upgrade', problem: problem('bad-query', 'this address takes no query') }
  }
  if (presence.room === 'enough') return undefined
  return { reason: presence.room, problem: problem('unavailable', 'too many connections; try again later') }
}
