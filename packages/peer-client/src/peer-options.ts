// What a peer assumes when it is not told, and how it reads what it is told.
import { type PeerAddress, parsePeerAddress } from '#connection/peer-address.ts'
import { addressClass } from '#discovery/address-class.ts'

/** Throws RangeError. */
export function readAddress(text: string): PeerAddress {
  const address = parsePeerAddress(text)
  if (address === undefined) throw new RangeError(`"${text}" is not HOST:PORT`)
  return address
}

/** Whether the directory is on this machine. */
export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || addressClass(hostname.replace(/^\[|\]$/g, '')) === 'loopback'
}
