// What a peer can be told, what it assumes when it is not, and how it reads what it is told.
import { problemOfDirectoryUrl } from '@parley/shared/directory-url.ts'
import { type PeerAddress, parsePeerAddress } from '#connection/peer-address.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import { addressClass } from '#discovery/address-class.ts'
import type { ProfileOptions } from './profile.ts'

export interface PeerOptions extends Omit<ProfileOptions, 'directory'> {
  /** The URL of a directory, over the one that the profile was made with; `null` for none. */
  readonly directory?: string | null | undefined
  /** PEM; the authorities that may vouch for an https directory, instead of those that the system trusts. */
  readonly directoryCa?: string | undefined
  /** For a directory that takes new names only with it; kept in the profile for the next start. */
  readonly registrationToken?: string | undefined
  /** Asks the directory to show nobody whether this account is here, or to show it again; by default as it was. */
  readonly hidePresence?: boolean | undefined
  /** By default a free port, on 127.0.0.1 when the directory is on this machine or there is none, else on every address. */
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined
  /** HOST:PORT of peers to keep a session to, directory or not. */
  readonly peers?: readonly string[] | undefined
  readonly allowPrivate?: boolean | undefined
  /** The secret of a closed network: only peers that know it too get a session. 16 to 512 visible ASCII characters. */
  readonly networkToken?: string | undefined
  readonly maxPeers?: number | undefined
  readonly log?: DeliveryLog | undefined
  /** The disk failed: nothing more is accepted or acknowledged. By default the next call of any method rejects. */
  readonly onBroken?: ((error: Error) => void) | undefined
}

/** Throws RangeError. */
export function readAddress(text: string): PeerAddress {
  const address = parsePeerAddress(text)
  if (address === undefined) throw new RangeError(`"${text}" is not HOST:PORT`)
  return address
}

/** Throws RangeError. */
export function readDirectory(url: string | undefined): string | undefined {
  const problem = url === undefined ? undefined : problemOfDirectoryUrl(url)
  if (problem !== undefined) throw new RangeError(problem)
  return url
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
