import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4, isIPv6, type Socket, SocketAddress } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** One spelling for one address: IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) as IPv4, no zone, IPv6 as RFC 5952 has it. */
export function canonicalAddress(address: string): string {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return bare
  const canonical = new SocketAddress({ address: bare, family: 'ipv6' }).address
  return MAPPED.exec(canonical)?.[1] ?? canonical
}

/** Where a request comes from. */
export interface Source {
  /** In its canonical spelling. */
  readonly address: string
  /** What limits count by: an IPv4 address, or an IPv6 /64, which is what one customer of a provider has (RFC 6177). */
  readonly block: string
  readonly isLoopback: boolean
}

export function sourceOf(address: string): Source {
  const canonical = canonicalAddress(address)
  return {
    address: canonical,
    block: isIPv6(canonical) ? prefix64(canonical) : canonical,
    isLoopback: canonical === '::1' || (isIPv4(canonical) && canonical.startsWith('127.')),
  }
}

function prefix64(canonical: string): string {
  const [head = '', tail] = canonical.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return `${[...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')}::/64`
}

/** Tells sources. What a request says about its own way is believed only from these proxies, addresses or networks as `10.0.0.0/8`. */
export class Sources {
  readonly #proxies: BlockList | undefined
  readonly #ofConnections = new WeakMap<Socket, Source>()

  constructor(trustProxy: readonly string[] = []) {
    if (trustProxy.length === 0) return
    this.#proxies = new BlockList()
    for (const range of trustProxy) {
      const [address = '', bits] = range.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  /** Whether requests come through proxies here. */
  get hasProxies(): boolean {
    return this.#proxies !== undefined
  }

  of(request: IncomingMessage): Source {
    const near = this.ofConnection(request.socket)
    if (!this.isProxy(near.address)) return near
    // Node joins repeated fields in their order (RFC 9110 section 5.2).
    const chain = request.headers['x-forwarded-for']
    return typeof chain === 'string' ? this.#behind(near, chain) : near
  }

  /** The other end of the connection, whoever speaks through it. */
  ofConnection(socket: Socket): Source {
    const known = this.#ofConnections.get(socket)
    if (known !== undefined) return known
    const source = sourceOf(socket.remoteAddress ?? '')
    this.#ofConnections.set(socket, source)
    return source
  }

  isProxy(address: string): boolean {
    if (this.#proxies === undefined || isIP(address) === 0) return false
    return this.#proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }

  /** Each proxy appends whom it heard: from the right, the first that is no proxy. What stands left of it anybody may have written. */
  #behind(near: Source, chain: string): Source {
    let source = near
    for (const entry of chain.split(',').toReversed()) {
      const next = sourceOf(entry.trim())
      // A proxy that does not say whom it heard is taken for all those behind it.
      if (isIP(next.address) === 0) return source
      source = next
      if (!this.isProxy(source.address)) return source
    }
    return source
  }
}
