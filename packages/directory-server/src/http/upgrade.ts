import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { MAX_PRESENCE_FRAME_BYTES } from '@parley/shared/limits.ts'
import { WebSocketServer } from 'ws'
import type { Presence } from '#presence/presence.ts'
import { problem } from './problems.ts'
import { answerRaw } from './raw-answer.ts'
import { canonicalAddress } from './source-address.ts'

/** Whether a request becomes a WebSocket here; any other request that asks for an upgrade is answered as if it did not (RFC 9110 section 7.8). */
export function isPresenceUpgrade({ method, url, headers }: IncomingMessage): boolean {
  const [path] = (url ?? '').split('?')
  return method === 'GET' && path === '/v1/presence' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Makes presence visits of upgrade requests. */
export function acceptUpgrades(server: Server, presence: Presence): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_PRESENCE_FRAME_BYTES,
    perMessageDeflate: false,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Until ws takes the stream over nobody else listens, and an unheard error would end the process.
    const ignore = () => {}
    stream.on('error', ignore)
    const refusal = judge(request, presence)
    if (refusal !== undefined) {
      answerRaw(stream, refusal)
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', ignore)
      presence.accept(socket, canonicalAddress(request.socket.remoteAddress ?? ''))
    })
  })
}

function judge({ url }: IncomingMessage, presence: Presence): Problem | undefined {
  if (url?.includes('?')) return problem('bad-query', 'this address takes no query')
  if (!presence.hasRoom) return problem('unavailable', 'too many connections; try again later')
  return undefined
}
