// What kind of place a numeric address leads to, after the IANA special-purpose address registries (RFC 6890). An address is
// global only when nothing says otherwise and, for IPv6, when it lies in 2000::/3, the only space given out for it (RFC 4291).
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export type AddressClass =
  | 'global'
  | 'private'
  | 'loopback'
  /** Not one numeric address in its usual notation. */
  | 'not-numeric'
  | 'unspecified'
  | 'link-local'
  | 'multicast'
  /** Where clouds hand credentials to whoever asks from inside. */
  | 'metadata'
  /** An IPv4 address inside an IPv6 one: a second way to write what the rules for IPv4 would refuse. */
  | 'ipv4-inside'
  | 'reserved'

const CLASSES: readonly (readonly [range: string, is: AddressClass])[] = [
  ['168.63.129.16/32', 'metadata'],
  ['100.100.100.200/32', 'metadata'],
  ['192.0.0.192/32', 'metadata'],
  ['169.254.169.254/32', 'metadata'],
  ['fd00:ec2::/32', 'metadata'],
  ['fd20:ce::254/128', 'metadata'],
  ['fd00:c1::a9fe:a9fe/128', 'metadata'],

  ['127.0.0.0/8', 'loopback'],
  ['10.0.0.0/8', 'private'],
  ['172.16.0.0/12', 'private'],
  ['192.168.0.0/16', 'private'],
  // Behind the NAT of a provider (RFC 6598), and inside many overlay networks.
  ['100.64.0.0/10', 'private'],
  ['0.0.0.0/8', 'unspecified'],
  ['169.254.0.0/16', 'link-local'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.31.196.0/24', 'reserved'],
  ['192.52.193.0/24', 'reserved'],
  ['192.88.99.0/24', 'ipv4-inside'],
  ['192.175.48.0/24', 'reserved'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],

  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'ipv4-inside'],
  ['::ffff:0:0/96', 'ipv4-inside'],
  ['::ffff:0:0:0/96', 'ipv4-inside'],
  ['64:ff9b::/96', 'ipv4-inside'],
  ['64:ff9b:1::/48', 'ipv4-inside'],
  ['2002::/16', 'ipv4-inside'],
  ['2001::/32', 'ipv4-inside'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'reserved'],
  ['2620:4f:8000::/48', 'reserved'],
  ['3fff::/20', 'reserved'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
  ['2000::/3', 'global'],
  ['::/0', 'reserved'],
]

const RANGES = CLASSES.map(([range, is]) => ({ range: ipaddr.parseCIDR(range), is }))

/** The first range that holds the address decides. */
export function addressClass(host: string): AddressClass {
  const address = parseAddress(host)
  if (address === undefined) return 'not-numeric'
  for (const { range, is } of RANGES) {
    if (address.kind() === range[0].kind() && address.match(range)) return is
  }
  return 'global'
}

/** True when both are of one family and share the network `cidr`, as `192.168.1.20/24`. */
export function isInNetwork(host: string, cidr: string): boolean {
  const address = parseAddress(host)
  if (address === undefined) return false
  const range = ipaddr.parseCIDR(cidr)
  return address.kind() === range[0].kind() && address.match(range)
}

/** An IPv4 address in its own notation, however the system wrote it. */
export function unmapped(host: string): string {
  return parseAddress(host) === undefined ? host : ipaddr.process(host).toString()
}

/** One spelling for each address: `isIP` lets in no octal, no short and no zoned form, IPv6 has many ways to leave out zeros. */
export function canonicalAddress(host: string): string {
  return parseAddress(host)?.toString() ?? host
}

/** Undefined for whatever is not one numeric address in its usual notation. */
export function parseAddress(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return isIP(host) === 0 || host.includes('%') ? undefined : ipaddr.parse(host)
}
