// What a peer assumes when it is not told, and how it reads what it is told.
import { type PeerAddress, parsePeerAddress } from '#connection/peer-address.ts'
import { addressClass } from '#discovery/address-class.ts'

/** Throws RangeError. */
export function readAddress(text: string): PeerAddress {
  const address = parsePeerAddress(text)
  if (address === undefined) throw new RangeError(`"${text}" is not HOST:PORT`)
  return address
}

/** On this machine only, when the directory is on it or there is none; else on every address. */
export function whereToListen(
  { host, port = 0 }: { readonly host?: string | undefined; readonly port?: number | undefined } = {},
  directory: string | undefined,
): { host: string; port: number } {
  const isLocal = directory === undefined || isLoopbackUrl(directory)
  return { host: host ?? (isLocal ? '127.0.0.1' : '::'), port }
}

function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || addressClass(hostname.replace(/^\[|\]$/g, '')) === 'loopback'
}
