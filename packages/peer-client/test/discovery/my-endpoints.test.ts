import type { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { type MyEndpointsOptions, myEndpoints } from '#discovery/my-endpoints.ts'

function interfacesOf(...addresses: string[]): typeof networkInterfaces {
  return () => ({
    lo: [entry('127.0.0.1', true), entry('::1', true)],
    eth0: addresses.map((address) => entry(address, false)),
    down: undefined,
  })
}

function entry(address: string, internal: boolean) {
  const rest = { address, netmask: '', mac: '', internal, cidr: null }
  return address.includes(':') ? { ...rest, family: 'IPv6' as const, scopeid: 0 } : { ...rest, family: 'IPv4' as const }
}

function hosts(options: Partial<MyEndpointsOptions> & { host?: string }): string[] {
  const { host = '::', ...rest } = options
  const endpoints = myEndpoints({
    listening: { host, port: 8000 },
    route: { localAddress: '192.168.1.20', remoteAddress: '1.1.1.1' },
    interfaces: interfacesOf('192.168.1.20'),
    ...rest,
  })
  for (const endpoint of endpoints) expect(endpoint).toMatchObject({ transport: 'tcp', port: 8000 })
  return endpoints.map((endpoint) => endpoint.host)
}

test('with a directory on this machine a peer is found on loopback', () => {
  const route = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' }
  expect(hosts({ route })).toEqual(['127.0.0.1'])
  expect(hosts({ route, host: '127.0.0.1' })).toEqual(['127.0.0.1'])
  expect(hosts({ route, host: '0.0.0.0' })).toEqual(['127.0.0.1'])
  expect(hosts({ route, host: '::1' })).toEqual(['::1'])
  expect(hosts({ route, host: '192.168.1.20' })).toEqual(['192.168.1.20'])
  expect(hosts({ route: { localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.1' } })).toEqual([
    '127.0.0.1',
  ])
})

test('a peer that listens on one address announces that one, and what a router may forward to it', () => {
  expect(hosts({ host: '127.0.0.1' })).toEqual(['127.0.0.1'])
  expect(hosts({ host: '9.9.9.9', observedAddress: '9.9.9.8' })).toEqual(['9.9.9.9'])
  expect(hosts({ host: '192.168.1.20', observedAddress: '9.9.9.9' })).toEqual(['192.168.1.20', '9.9.9.9'])
  expect(hosts({ host: '192.168.1.20', observedAddress: '2a00::1' })).toEqual(['192.168.1.20'])
})

test('a peer that listens everywhere announces the way to the directory, then what is global, then the rest', () => {
  const interfaces = interfacesOf('172.17.0.1', '192.168.1.20', '2a00:0:0::20', 'fe80::1', '169.254.3.4', 'fd12::1')
  expect(hosts({ interfaces, observedAddress: '::ffff:9.9.9.9' })).toEqual([
    '192.168.1.20',
    '2a00::20',
    '9.9.9.9',
    '172.17.0.1',
    'fd12::1',
  ])
  expect(hosts({ interfaces, host: '0.0.0.0', observedAddress: '2a00::99' })).toEqual(['192.168.1.20', '172.17.0.1'])
  expect(hosts({ interfaces, route: undefined })).toEqual(['2a00::20', '172.17.0.1', '192.168.1.20', 'fd12::1'])
})

test('what the directory observed counts only when it is global', () => {
  for (const observedAddress of ['127.0.0.1', '10.0.0.1', '169.254.169.254', 'fe80::1', 'nonsense', '64:ff9b::1']) {
    expect(hosts({ observedAddress })).toEqual(['192.168.1.20'])
  }
  expect(hosts({ observedAddress: '9.9.9.9' })).toEqual(['192.168.1.20', '9.9.9.9'])
})

test('of many addresses eight are announced', () => {
  const many = Array.from({ length: 20 }, (_, index) => `2a00::${index + 1}`)
  expect(hosts({ interfaces: interfacesOf('192.168.1.20', ...many) })).toEqual(['192.168.1.20', ...many.slice(0, 7)])
})

test('this machine, as it is, yields endpoints that a statement may carry', () => {
  const listening = { host: '::', port: 8000 }
  expect(myEndpoints({ listening, route: { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' } })).toEqual([
    { transport: 'tcp', host: '127.0.0.1', port: 8000 },
  ])
  expect(myEndpoints({ listening, route: undefined }).length).toBeLessThanOrEqual(8)
})
