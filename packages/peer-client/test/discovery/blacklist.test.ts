import { rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_BLACKLIST_ENTRIES } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import { Blacklist } from '#discovery/blacklist.ts'
import { BlacklistFile } from '#discovery/blacklist-file.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const ACCOUNT = 'A'.repeat(43)

test.each([
  [
    '192.0.2.7',
    ['192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207', '64:ff9b::192.0.2.7'],
    ['192.0.2.8', '::c000:207'],
  ],
  ['::ffff:192.0.2.7', ['192.0.2.7', '64:ff9b::c000:207'], ['192.0.2.6']],
  ['64:ff9b::192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.6']],
  ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255', '::ffff:192.0.2.99'], ['192.0.3.0', '192.0.1.255']],
  ['::ffff:10.0.0.0/104', ['10.0.0.1', '10.255.255.255'], ['11.0.0.0', '9.255.255.255']],
  ['0.0.0.0/0', ['1.1.1.1', '::ffff:1.1.1.1'], ['2001:db8::1']],
  ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff:0:0:0:0:1'], ['2001:db9::1', '192.0.2.1']],
  ['2001:0db8:0:0::0001', ['2001:db8::1'], ['2001:db8::2']],
  ['::/0', ['2001:db8::1', '::1'], ['192.0.2.1', '::ffff:192.0.2.1']],
])('%s is found however it is written', (entry, listed, others) => {
  const list = Blacklist.parse(`${entry}\n`)
  expect(listed.filter((host) => !list.hasAddress(host))).toEqual([])
  expect(others.filter((host) => list.hasAddress(host))).toEqual([])
  expect(list.networks).toBe(1)
})

test('accounts and devices are found by their ids; remarks, empty lines and line ends of Windows mean nothing', () => {
  const list = Blacklist.parse(`# nobody\r\n\r\n  ${ACCOUNT} # a spammer\r\n192.0.2.7#and his machine`)
  expect(list.hasIdentity(ACCOUNT)).toBe(true)
  expect(list.hasIdentity(`B${ACCOUNT.slice(1)}`)).toBe(false)
  expect(list.hasAddress('192.0.2.7')).toBe(true)
  expect(list).toMatchObject({ identities: 1, networks: 1 })
})

test.each([
  ['bob', /none of these/],
  ['example.org', /none of these/],
  ['192.0.2.7/24', /write 192\.0\.2\.0\/24/],
  ['192.0.2.0/33', /0 to 32/],
  ['192.0.2.0/', /length/],
  ['192.0.2.0/2 4', /length/],
  ['192.0.2.0/24/8', /none of these/],
  ['2001:db8::1/32', /write 2001:db8::\/32/],
  ['::ffff:0:0/96', /all of IPv4/],
  ['127.1', /none of these/],
  ['0177.0.0.1', /none of these/],
  [`${ACCOUNT}A`, /none of these/],
])('a list with the line %s is refused, and the line is named', (line, reason) => {
  expect(() => Blacklist.parse(`# first\n192.0.2.1\n${line}\n`)).toThrow(
    expect.objectContaining({ code: 'bad-blacklist', line: 3, message: expect.stringMatching(reason) }),
  )
})

test('a list that is too long is refused', () => {
  const ids = Array.from({ length: MAX_BLACKLIST_ENTRIES + 1 }, (_, n) => `${String(n).padStart(42, 'A')}A`)
  expect(() => Blacklist.parse(ids.join('\n'))).toThrow(/more than 65536/)
})

test('the file is made for its owner, and a new version counts as a whole or not at all', async () => {
  await using directory = await tempDirectory()
  const path = join(directory.path, 'blacklist.txt')
  const file = new BlacklistFile(path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(file.list).toMatchObject({ identities: 0, networks: 0 })

  let last = ''
  let wake = () => {}
  const note = (what: string) => {
    last = what
    wake()
  }
  /** Resolves when the file is known to be as it is now. */
  const replace = async (text: string | Uint8Array, told: string): Promise<void> => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
    while (!last.includes(told)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
  }
  file.watch({ onChange: (list) => note(`${list.networks} networks`), onBroken: ({ message }) => note(message) }, 10)
  try {
    await replace('192.0.2.7\n192.0.2.8\n', '2 networks')
    await replace('192.0.2.7\n192.0.2.8/8\n', `${path}:2: the network does not begin there`)
    expect(file.list.hasAddress('192.0.2.8')).toBe(true)
    await replace('\u0000\ufffe', 'none of these')
    await replace(Buffer.of(0xff, 0xfe), 'not text in UTF-8')
    expect(file.list.hasAddress('192.0.2.8')).toBe(true)
    await replace('192.0.2.9\n', '1 networks')
    expect(file.list.hasAddress('192.0.2.9')).toBe(true)
    expect(file.list.hasAddress('192.0.2.8')).toBe(false)
  } finally {
    file.stop()
  }
})

test('a file that cannot be read keeps the peer from starting, with the place in words', async () => {
  await using directory = await tempDirectory()
  const path = join(directory.path, 'blacklist.txt')
  await writeFile(path, '192.0.2.1\nnobody\n')
  expect(() => new BlacklistFile(path)).toThrow(`${path}:2: it is none of these`)
  await writeFile(path, Buffer.of(0xff, 0xfe))
  expect(() => new BlacklistFile(path)).toThrow('it is not text in UTF-8')
})
