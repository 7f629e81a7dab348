import type { IncomingMessage } from 'node:http'
import { isIPv6, SocketAddress } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** One spelling for one address: IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) as IPv4, no zone, IPv6 as RFC 5952 has it. */
export function canonicalAddress(address: string): string {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return bare
  const canonical = new SocketAddress({ address: bare, family: 'ipv6' }).address
  return MAPPED.exec(canonical)?.[1] ?? canonical
}

/** Where a request came from, as the directory itself sees it. */
export function sourceOf(request: IncomingMessage): string {
  return canonicalAddress(request.socket.remoteAddress ?? '')
}
