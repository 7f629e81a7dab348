// Who is not wanted, as the owner wrote it down: accounts and devices first, because an address is easily changed, then addresses
// and networks.
import { BlockList } from 'node:net'
import { AccountId } from '@parley/shared/ids.ts'
import { MAX_BLACKLIST_ENTRIES } from '@parley/shared/limits.ts'
import ipaddr from 'ipaddr.js'
import { parseAddress } from './address-class.ts'

/** Names the line, counted from 1, that cannot be read, and says what it should be. */
export class BlacklistError extends Error {
  override readonly name = 'BlacklistError'
  readonly code = 'bad-blacklist'
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

export class Blacklist {
  /** Account ids and device keys: both are 32 bytes in base64url, and none can be the other. */
  readonly #identities = new Set<string>()
  /** One for each family: a network of IPv6 is not meant to hold all of IPv4, mapped into it. */
  readonly #addresses = { ipv4: new BlockList(), ipv6: new BlockList() }
  #networks = 0

  /** One entry a line; what follows a `#` is a remark. Throws BlacklistError. */
  static parse(text: string): Blacklist {
    const list = new Blacklist()
    for (const [index, raw] of text.split(/\r?\n/).entries()) {
      const entry = raw.replace(/#.*$/, '').trim()
      if (entry !== '') list.#add(entry, index + 1)
    }
    return list
  }

  get identities(): number {
    return this.#identities.size
  }

  /** Addresses and networks. */
  get networks(): number {
    return this.#networks
  }

  hasIdentity(accountOrDevice: string): boolean {
    return this.#identities.has(accountOrDevice)
  }

  /** A numeric address in whatever notation; an IPv4 one is found inside an IPv6 one too (mapped, or behind a NAT64). */
  hasAddress(host: string): boolean {
    const address = parseAddress(host)
    if (address === undefined) return false
    const inner = innerAddress(address)
    return this.#addresses[inner.kind()].check(inner.toString(), inner.kind())
  }

  #add(entry: string, line: number): void {
    if (this.#identities.size + this.#networks >= MAX_BLACKLIST_ENTRIES)
      throw new BlacklistError(line, `there are more than ${MAX_BLACKLIST_ENTRIES} entries`)
    if (AccountId.safeParse(entry).success) {
      this.#identities.add(entry)
      return
    }
    const [host = '', length, ...rest] = entry.split('/')
    const address = parseAddress(host)
    if (address === undefined || rest.length > 0) throw new BlacklistError(line, NO_ENTRY)
    const inner = innerAddress(address)
    if (length === undefined) this.#addresses[inner.kind()].addAddress(inner.toString(), inner.kind())
    else this.#addresses[inner.kind()].addSubnet(inner.toString(), networkBits(address, length, line), inner.kind())
    this.#networks += 1
  }
}

const NO_ENTRY =
  'it is none of these: an account id or device key (43 characters), an IP address, a network such as 192.0.2.0/24'

const V4_INSIDE_BITS = 96
/** RFC 4291 2.5.5.2 and RFC 6052 2.1. */
const V4_INSIDE = ['::ffff:0:0', '64:ff9b::'].map((prefix) => ipaddr.IPv6.parse(prefix))

/** The IPv4 address inside of an IPv6 one, or the address itself. */
function innerAddress(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4 || !isV4Inside(address)) return address
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}

function isV4Inside(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv6 && V4_INSIDE.some((prefix) => address.match(prefix, V4_INSIDE_BITS))
}

/** The length of the network, counted in the notation of the inner address. Throws BlacklistError. */
function networkBits(address: ipaddr.IPv4 | ipaddr.IPv6, length: string, line: number): number {
  const max = address instanceof ipaddr.IPv4 ? 32 : 128
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (!(bits <= max)) throw new BlacklistError(line, `/${length} is not the length of a network, 0 to ${max}`)
  const first = firstOf(address, bits)
  if (first !== address.toString()) {
    throw new BlacklistError(line, `the network does not begin there: write ${first}/${bits}, or the address alone`)
  }
  if (!isV4Inside(address)) return bits
  if (bits <= V4_INSIDE_BITS) throw new BlacklistError(line, `that is all of IPv4: write 0.0.0.0/0 if it is meant`)
  return bits - V4_INSIDE_BITS
}

function firstOf(address: ipaddr.IPv4 | ipaddr.IPv6, bits: number): string {
  const Kind = address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6
  return Kind.networkAddressFromCIDR(`${address.toString()}/${bits}`).toString()
}
