import { isIP } from 'node:net'

/** Where the user says that a peer is. `host` is a numeric address or a name to resolve. */
export interface PeerAddress {
  readonly host: string
  readonly port: number
}

const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*\.?$/i

/** Reads `HOST:PORT`, `1.2.3.4:8000` or `[::1]:8000`; undefined when it is none of these. */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim()) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535)) return undefined
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined
  if (plain === undefined) return undefined
  // What looks like a number and is no address is a slip of the finger, not a name.
  const isName = NAME.test(plain) && !/^[\d.]+$/.test(plain)
  return isIP(plain) === 4 || isName ? { host: plain, port } : undefined
}

export function formatPeerAddress({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
