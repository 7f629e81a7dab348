import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_LOCAL_BODY_BYTES, MAX_LOCAL_SOCKETS } from '@parley/shared/limits.ts'
import { WebSocketServer } from 'ws'
import type { ApiParts } from './api-parts.ts'
import { serveChat } from './chat.ts'
import { type ClientSocket, type ClientSocketTimeouts, openClientSocket } from './client-socket.ts'
import { RequestError } from './daemon.ts'
import type { Gate } from './gate.ts'
import { problemOf } from './problems.ts'
import { answerRaw } from './raw-answer.ts'

/** Events out on both; only the second listens to more than the token. */
export const CHAT_PATH = '/ws'
const SOCKET_PATHS = ['/api/v1/events', CHAT_PATH] as const

/** Whether a request becomes a WebSocket here; any other that asks for an upgrade is answered as if it did not (RFC 9110 section 7.8). */
export function isSocketUpgrade({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && pathOf(url) !== undefined && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Makes client sockets of upgrade requests; the function returned ends them all. */
export function acceptUpgrades(
  server: Server,
  parts: ApiParts,
  gate: () => Gate,
  timeouts: ClientSocketTimeouts,
): () => Promise<void> {
  const open = new Set<ClientSocket>()
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_LOCAL_BODY_BYTES,
    perMessageDeflate: false,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Until ws takes the stream over nobody else listens, and an unheard error would end the process.
    const ignore = () => {}
    stream.on('error', ignore)
    let isTrusted: boolean
    try {
      isTrusted = judge(request, gate())
      if (open.size >= MAX_LOCAL_SOCKETS) throw tooMany()
    } catch (error) {
      answerRaw(stream, problemOf(error))
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', ignore)
      const client = openClientSocket({
        socket,
        parts,
        timeouts,
        isTrusted,
        isToken: (token) => gate().isToken(token),
        ...(pathOf(request.url) === CHAT_PATH && { answer: serveChat(parts.daemon) }),
      })
      open.add(client)
      void client.closed.then(() => open.delete(client))
    })
  })
  return async () => {
    for (const client of open) client.end(1001, 'stopping')
    await Promise.all([...open].map((client) => client.closed))
  }
}

/** Whether the token came along already. Throws RequestError. */
function judge({ url, headers }: IncomingMessage, gate: Gate): boolean {
  gate.checkSource(headers)
  if (url?.includes('?')) throw new RequestError('bad-request', 'this address takes no query')
  if (headers.authorization === undefined) return false
  gate.checkToken(headers)
  return true
}

function pathOf(url: string | undefined): (typeof SOCKET_PATHS)[number] | undefined {
  const [path] = (url ?? '').split('?')
  return SOCKET_PATHS.find((known) => known === path)
}

function tooMany(): RequestError {
  return new RequestError('too-many-clients', `${MAX_LOCAL_SOCKETS} programs listen already; end one and try again`)
}
