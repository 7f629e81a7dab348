import type { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Route } from '#directory/http-exchange.ts'
import { addressClass } from '#discovery/address-class.ts'
import { DialFilter } from '#discovery/dial-filter.ts'

const CLASSES = {
  global: [
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '168.63.129.15',
    '223.255.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '2003::1',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2607:F8B0:4004:0800:0000:0000:0000:200E',
    '1.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '191.255.255.255',
    '192.0.1.0',
    '192.0.3.0',
    '198.51.99.255',
    '198.51.101.0',
    '203.0.112.255',
    '203.0.114.0',
    '192.88.98.255',
    '192.88.100.0',
    '2001:db7:ffff::1',
    '2001:db9::1',
    '2003:0000:0000:0000:0000:0000:0000:0001',
    '2a02:26f0::b81c:8a4b',
  ],
  private: [
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.255.255',
    '100.64.0.1',
    '100.127.255.255',
    'fc00::1',
    'fd12:3456:789a::1',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '10.1.2.3',
    '172.20.10.1',
    '192.168.178.1',
    '100.100.100.199',
    'fc00:0000:0000:0000:0000:0000:0000:0001',
    'FD12:3456::1',
    'fd00:ec1::254',
    'fd20:ce::253',
  ],
  loopback: [
    '127.0.0.1',
    '127.0.0.2',
    '127.255.255.255',
    '::1',
    '0:0:0:0:0:0:0:1',
    '0000:0000::0001',
    '::0001',
    '0::1',
    '127.0.1.1',
    '127.127.127.127',
  ],
  unspecified: ['0.0.0.0', '0.0.0.1', '0.255.255.255', '::', '0:0:0:0:0:0:0:0', '0::0', '0000::', '0.1.2.3'],
  'link-local': [
    '169.254.0.1',
    '169.254.255.255',
    'fe80::1',
    'febf:ffff::1',
    'FE80::ABCD',
    'fe80:0:0:0:1:2:3:4',
    '169.254.1.1',
    'feaf::',
  ],
  multicast: [
    '224.0.0.1',
    '224.0.0.251',
    '239.255.255.250',
    'ff02::1',
    'ff0e::1',
    'ff02::fb',
    '232.1.1.1',
    'ff00::',
    'FF05::2',
    'ffff:ffff::1',
  ],
  metadata: [
    '169.254.169.254',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    'fd00:0ec2:0:0:0:0:0:254',
    'FD00:EC2::1',
  ],
  'ipv4-inside': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:10.0.0.1',
    '0:0:0:0:0:ffff:8.8.8.8',
    '::ffff:0:127.0.0.1',
    '::127.0.0.1',
    '::7f00:1',
    '::8.8.8.8',
    '64:ff9b::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2002:a9fe:a9fe::1',
    '2002:808:808::1',
    '2001:0:53aa:64c:0:0:0:1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:0a00:0001',
    '0000:0000:0000:0000:0000:ffff:7f00:0001',
    '::1.2.3.4',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '0064:ff9b:0:0:0:0:808:808',
    '64:ff9b:1:ffff::1',
    '2002:a00:1::',
    '2002:c0a8:0101::1',
    '2002:ffff:ffff::',
    '2001::1',
    '2001:0000:4136:e378:8000:63bf:3fff:fdd2',
    '192.88.99.1',
  ],
  reserved: [
    '192.0.0.1',
    '192.0.2.1',
    '198.51.100.7',
    '203.0.113.9',
    '198.18.0.1',
    '198.19.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '100::1',
    '2001:db8::1',
    '2001:10::1',
    '2001:20::1',
    '2001:2::1',
    '3fff::1',
    '5f00::1',
    'fec0::1',
    '4000::1',
    '1::1',
    '200::1',
    '2620:4f:8000::1',
    '192.31.196.1',
    '192.52.193.1',
    '192.175.48.1',
    '255.255.255.254',
    '250.1.2.3',
    '2001:3::1',
    '2001:4:112::1',
    '2001:1ff:ffff::1',
    'fec0:0:0:1::1',
    '8000::1',
    'e000::1',
    'fbff::1',
    '64:ff9a::1',
    '64:ff9b:2::1',
  ],
  'not-numeric': [
    '',
    ' ',
    'localhost',
    'example.org',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '010.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4:80',
    '1.2.3.4/8',
    '[::1]',
    '::1%lo',
    'fe80::1%eth0',
    'fe80::1%25eth0',
    ':::1',
    '1:2:3:4:5:6:7:8:9',
    '12345::1',
    '::ffff:127.0.0.256',
    '127。0。0。1',
    '１.1.1.1',
    '-1.0.0.0',
    '1.1.1.1\u0000',
    '017700000001',
    '127.0.0.1.',
    '0x7f.1',
    '127.0x0.0.1',
    '0b1111111.0.0.1',
    '1.1.1.1.',
    '.1.1.1.1',
    '1..1.1',
    '1.1.1.1%0',
    '+1.1.1.1',
    '1e1.1.1.1',
    '٣.1.1.1',
    '1.1.1.1;2.2.2.2',
    'user@1.1.1.1',
    '1.1.1.1#',
    '1.1.1.1?x',
    '//1.1.1.1',
    'http://1.1.1.1',
    '[1.1.1.1]',
    '[2001:db8::1]:80',
    '::ffff:0x7f000001',
    '::ffff:127.1',
    '1::2::3',
    '::g',
    '1:2:3:4:5:6:7',
    '::1/128',
    '0:0:0:0:0:0:0:0:1',
  ],
} as const

describe('an address is of the class', () => {
  test.each(Object.entries(CLASSES).flatMap(([is, hosts]) => hosts.map((host) => [is, host] as const)))(
    '%s: %j',
    (is, host) => {
      expect(addressClass(host)).toBe(is)
    },
  )
})

test('no text at all is taken for an address that the system would not read the same way', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6(), fc.ipV4()), (host) => {
      const is = addressClass(host)
      // What the URL parser, which reads all the old notations, resolves to loopback or private must never pass as global.
      if (is !== 'global') return
      const { hostname } = new URL(host.includes(':') ? `http://[${host}]/` : `http://${host}/`)
      expect(addressClass(hostname.replace(/^\[|\]$/g, ''))).toBe('global')
    }),
    { numRuns: 2_000 },
  )
})

const address = (cidr: string) => {
  const [host = ''] = cidr.split('/')
  const family = host.includes(':') ? ('IPv6' as const) : ('IPv4' as const)
  const rest = { address: host, netmask: '', mac: '', internal: false, cidr }
  return family === 'IPv6' ? { ...rest, family, scopeid: 0 } : { ...rest, family }
}
const interfaces: typeof networkInterfaces = () => ({
  lo: [address('127.0.0.1/8')],
  eth0: [address('192.168.1.20/24'), address('fd12::20/64'), address('fe80::20/64')],
  docker0: [address('172.17.0.1/16')],
})

function filterOf(route: Route | undefined, allowPrivate = false) {
  const filter = new DialFilter({ route: () => route, allowPrivate, interfaces })
  return (host: string, port = 8000) => {
    const verdict = filter.judge({ host, port })
    return verdict.isAllowed ? (verdict.isNear ? 'near' : 'yes') : verdict.reason
  }
}

const onLoopback = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' }
const inMyNetwork = { localAddress: '192.168.1.20', remoteAddress: '192.168.1.2' }
const outside = { localAddress: '192.168.1.20', remoteAddress: '1.1.1.1' }

test('with a directory on loopback, loopback may be dialled and private addresses may not', () => {
  for (const route of [
    onLoopback,
    { localAddress: '::1', remoteAddress: '::1' },
    { localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.1' },
  ]) {
    const judge = filterOf(route)
    expect(
      ['127.0.0.1', '127.0.0.53', '::1', '192.168.1.5', '172.17.0.2', '1.1.1.1'].map((host) => judge(host)),
    ).toEqual(['near', 'near', 'near', 'private', 'private', 'yes'])
  }
})

test('with a directory in my network, that network may be dialled and no other private one', () => {
  const judge = filterOf(inMyNetwork)
  expect(
    ['192.168.1.5', 'fd12::5', '192.168.2.5', 'fd13::5', '172.17.0.2', '10.0.0.1', '127.0.0.1', '2a00::1'].map((host) =>
      judge(host),
    ),
  ).toEqual(['near', 'near', 'private', 'private', 'private', 'private', 'loopback', 'yes'])
})

test('with a directory outside, or none reached yet, only global addresses may be dialled', () => {
  for (const route of [outside, undefined, { localAddress: '10.9.9.9', remoteAddress: '10.0.0.1' }]) {
    const judge = filterOf(route)
    expect(['192.168.1.5', 'fd12::5', '127.0.0.1', '::1', '10.9.9.8', '1.1.1.1'].map((host) => judge(host))).toEqual([
      'private',
      'private',
      'loopback',
      'loopback',
      'private',
      'yes',
    ])
  }
})

test('private and loopback addresses can be allowed, and nothing else with them', () => {
  const judge = filterOf(outside, true)
  for (const host of [...CLASSES.private, ...CLASSES.loopback, ...CLASSES.global])
    expect([host, judge(host)]).toEqual([host, 'yes'])
  for (const is of [
    'unspecified',
    'link-local',
    'multicast',
    'metadata',
    'ipv4-inside',
    'reserved',
    'not-numeric',
  ] as const) {
    for (const host of CLASSES[is]) expect([host, judge(host)]).toEqual([host, is])
  }
})

test('ports of system services are not dialled, 443 is', () => {
  const judge = filterOf(onLoopback, true)
  expect([1, 22, 25, 80, 443, 445, 1023, 1024, 65_535].map((port) => judge('1.1.1.1', port))).toEqual([
    'port',
    'port',
    'port',
    'port',
    'yes',
    'port',
    'port',
    'yes',
    'yes',
  ])
})
