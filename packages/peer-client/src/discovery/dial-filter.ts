import { networkInterfaces } from 'node:os'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Route } from '#directory/http-exchange.ts'
import { type AddressClass, addressClass, isInNetwork, unmapped } from './address-class.ts'

export type DialVerdict =
  /** `isNear`: on the machine, or in the network, of a directory that is itself no further away. */
  | { readonly isAllowed: true; readonly isNear: boolean }
  | { readonly isAllowed: false; readonly reason: Exclude<AddressClass, 'global'> | 'port' }

export interface DialFilterOptions {
  /** Over which addresses my directory was reached last; undefined while it never was. */
  readonly route: () => Route | undefined
  /** Private and loopback addresses may be dialled wherever they are. */
  readonly allowPrivate?: boolean
  readonly interfaces?: typeof networkInterfaces
}

/** Below 1024 live services that were never meant to hear from a peer; a peer behind a strict firewall takes 443. */
const FIRST_FREE_PORT = 1024
const HTTPS_PORT = 443

/**
 * Which addresses may be dialled when others say so. A statement must not be able to point this peer at the machines around
 * it: only global addresses, and those of the surroundings it already shares with its directory.
 */
export class DialFilter {
  readonly #options: DialFilterOptions

  constructor(options: DialFilterOptions) {
    this.#options = options
  }

  judge({ host, port }: Pick<Endpoint, 'host' | 'port'>): DialVerdict {
    const { allowPrivate = false } = this.#options
    if (port < FIRST_FREE_PORT && port !== HTTPS_PORT) return { isAllowed: false, reason: 'port' }
    const reason = addressClass(host)
    if (reason === 'global') return { isAllowed: true, isNear: false }
    if (reason !== 'loopback' && reason !== 'private') return { isAllowed: false, reason }
    const isNear = reason === 'loopback' ? this.#isDirectoryOnLoopback() : this.#isInSameNetwork(host)
    return isNear || allowPrivate ? { isAllowed: true, isNear } : { isAllowed: false, reason }
  }

  #isDirectoryOnLoopback(): boolean {
    const route = this.#options.route()
    return route !== undefined && addressClass(unmapped(route.remoteAddress)) === 'loopback'
  }

  #isInSameNetwork(host: string): boolean {
    const { interfaces = networkInterfaces } = this.#options
    const route = this.#options.route()
    if (route === undefined || addressClass(unmapped(route.remoteAddress)) !== 'private') return false
    const mine = unmapped(route.localAddress)
    return Object.values(interfaces()).some(
      (addresses = []) =>
        addresses.some(({ address }) => address === mine) &&
        addresses.some(({ cidr }) => cidr !== null && isInNetwork(host, cidr)),
    )
  }
}
