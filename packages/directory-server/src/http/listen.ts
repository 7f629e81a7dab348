import { once } from 'node:events'
import type { Server } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'

/** Starts listening; the URL under which the server is found. Rejects with the error of the system, for instance EADDRINUSE. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen({ host, port })
  await once(server, 'listening')
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return `http://${isIPv6(host) ? `[${host}]` : host}:${actual}`
}

/** Stops accepting and waits for requests under way, at most so long. */
export async function closeServer(server: Server, timeoutMs: number): Promise<void> {
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
