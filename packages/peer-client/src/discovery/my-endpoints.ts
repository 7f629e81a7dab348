import { networkInterfaces } from 'node:os'
import { MAX_ENDPOINTS } from '@parley/shared/limits.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Route } from '#directory/http-exchange.ts'
import { addressClass, canonicalAddress, unmapped } from './address-class.ts'

export interface MyEndpointsOptions {
  readonly listening: { readonly host: string; readonly port: number }
  /** Over which addresses the directory was reached last. */
  readonly route: Route | undefined
  /** From where the directory saw this peer. */
  readonly observedAddress?: string | undefined
  readonly interfaces?: typeof networkInterfaces
}

/**
 * Where others can try to dial this peer, the most promising first. With a directory on this machine, everybody who reads it is
 * on this machine too.
 */
export function myEndpoints(options: MyEndpointsOptions): Endpoint[] {
  const { host, port } = options.listening
  const hosts = hostsOf(options)
    .filter((address) => isReachableOver(address, host))
    .map(canonicalAddress)
  return [...new Set(hosts)].slice(0, MAX_ENDPOINTS).map((address) => ({ transport: 'tcp', host: address, port }))
}

function hostsOf({ listening, route, observedAddress, interfaces = networkInterfaces }: MyEndpointsOptions): string[] {
  const { host } = listening
  const isWildcard = addressClass(host) === 'unspecified'
  // Somebody who listens on one address only said so on purpose; a router may still lead to it from outside.
  if (!isWildcard && addressClass(host) !== 'private') return [host]
  if (route !== undefined && addressClass(unmapped(route.remoteAddress)) === 'loopback') {
    return [isWildcard ? '127.0.0.1' : host]
  }
  const mine = isWildcard ? addressesOf(interfaces) : [host]
  const towardsDirectory = mine.filter((address) => address === unmapped(route?.localAddress ?? ''))
  const outside = observedAddress === undefined ? [] : [unmapped(observedAddress)].filter(isGlobal)
  return [...towardsDirectory, ...mine.filter(isGlobal), ...outside, ...mine]
}

function addressesOf(interfaces: typeof networkInterfaces): string[] {
  return Object.values(interfaces())
    .flatMap((addresses = []) => addresses.map(({ address }) => address))
    .filter((address) => isGlobal(address) || addressClass(address) === 'private')
}

function isGlobal(address: string): boolean {
  return addressClass(address) === 'global'
}

/** `::` takes both families, every other host its own. */
function isReachableOver(address: string, listeningHost: string): boolean {
  return listeningHost === '::' || address.includes(':') === listeningHost.includes(':')
}
