import { once } from 'node:events'
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { type Link, type Listener, type ListenOptions, type Transport, TransportError } from './transport.ts'

/** A dead machine is noticed by the session's pings; this only keeps routers from forgetting an idle link. */
const KEEP_ALIVE_MS = 25_000

/** Connections waiting to be accepted, in the kernel. */
const BACKLOG = 128

// Frames are joined before they are written, so waiting for more to join (RFC 896) would only add delay.
const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const

/** TCP, by numeric address only: nothing here asks a resolver. */
export const tcp: Transport = {
  kind: 'tcp',

  async dial({ host, port }: Endpoint, { signal } = {}): Promise<Link> {
    throwIfAborted(signal)
    const socket = connect({ ...SOCKET_OPTIONS, host, port })
    try {
      await once(socket, 'connect', signal === undefined ? {} : { signal })
    } catch (error) {
      socket.on('error', ignore).destroy()
      throwIfAborted(signal)
      throw asTransportError(error, `cannot reach ${host} port ${port}`)
    }
    return linkOf(socket)
  },

  async listen({ host, port }: ListenOptions, onLink: (link: Link) => void): Promise<Listener> {
    const server = createServer(SOCKET_OPTIONS, (socket) => onLink(linkOf(socket)))
    await bindOrFallBack(server, host, port)
    // After this an accept can fail (too many open files), and the listener goes on with the next one.
    server.on('error', ignore)
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TransportError('failed', 'the listener has no port')
    return {
      host: address.address,
      port: address.port,
      // close() frees the port at once; its callback would wait for the links that live on.
      stop: () => {
        server.close()
        return Promise.resolve()
      },
    }
  },
}

/** `::` means every address of this machine, also on one whose kernel knows no IPv6. */
async function bindOrFallBack(server: Server, host: string, port: number): Promise<void> {
  try {
    await bind(server, host, port)
  } catch (error) {
    if (host !== '::' || !(error instanceof TransportError) || codeOf(error.cause) !== 'EAFNOSUPPORT') throw error
    await bind(server, '0.0.0.0', port)
  }
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    throw asTransportError(error, `cannot listen on ${host} port ${port}`)
  }
}

function linkOf(socket: Socket): Link {
  const { remoteAddress } = socket
  const link = { stream: socket, path: 'direct' } as const
  return remoteAddress === undefined ? link : { ...link, remoteAddress: unmapped(remoteAddress) }
}

/** A listener on `::` sees IPv4 peers as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
function unmapped(address: string): string {
  const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (v4 !== undefined) return v4
  return isIPv6(address) ? (address.split('%')[0] ?? address) : address
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EINVAL',
])

function asTransportError(error: unknown, message: string): TransportError {
  const code = codeOf(error)
  const options = { cause: error }
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return new TransportError('refused', message, options)
  if (code === 'EADDRINUSE') return new TransportError('address-in-use', message, options)
  if (UNREACHABLE.has(code)) return new TransportError('unreachable', message, options)
  return new TransportError('failed', message, options)
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TransportError('aborted', 'the dial was given up', { cause: signal.reason })
}

function ignore(): void {}
