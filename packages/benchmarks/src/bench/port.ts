import type { Server } from 'node:net'

/** The TCP port on which the server listens. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP address')
  return address.port
}
