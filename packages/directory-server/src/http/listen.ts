import { once } from 'node:events'
import { Server as TlsServer } from 'node:https'
import { isIPv4, isIPv6 } from 'node:net'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { ListenError } from './listen-error.ts'
import type { WebServer } from './server.ts'

/** Starts listening; the URL under which the server is found. Rejects with ListenError. */
export async function listen(server: WebServer, host: string, port: number): Promise<string> {
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw refused(`${host} port ${port}`, cause)
  }
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${actual}`
}

function refused(address: string, cause: unknown): ListenError {
  if (systemErrorCode(cause) === 'EADDRINUSE') {
    const sentence = `${address} is in use by another program; choose another with --port`
    return new ListenError('address-in-use', sentence, { cause })
  }
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ListenError('cannot-listen', `cannot listen on ${address}: ${why}`, { cause })
}

/** Stops accepting and waits for requests under way, at most so long. */
export async function closeServer(server: WebServer, timeoutMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection that is kept alive counts as idle only after its last answer has left.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs)
  try {
    await closed
  } finally {
    clearInterval(sweep)
    clearTimeout(deadline)
  }
}

const SWEEP_MS = 50

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
