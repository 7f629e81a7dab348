import { audienceOf } from '@parley/shared/hashes.ts'
import { DirectoryKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { expect, test } from 'vitest'
import { DirectoryError } from '#directory/directory-error.ts'
import { type VerifiedUser, verifyUser } from '#directory/verified-user.ts'
import { DialFilter } from '#discovery/dial-filter.ts'
import { EndpointFinder, type EndpointFinderOptions } from '#discovery/endpoint-finder.ts'
import { recordOf, statementOf } from '../support/hostile-directory.ts'
import { identityOf } from '../support/identities.ts'

const aud = audienceOf(generateKeyPair(DirectoryKey).publicKey)
const bob = await identityOf('bob')
const device = bob.device.publicKey
const at = (host: string, port = 8000): Endpoint => ({ transport: 'tcp', host, port })

async function userWith(...endpoints: Endpoint[]): Promise<VerifiedUser> {
  const user = {
    accountId: bob.accountId,
    name: bob.name,
    record: await recordOf(bob, aud),
    devices: [await statementOf(bob, aud, { endpoints })],
    status: 'online' as const,
    logIndex: 0,
  }
  return verifyUser(user, bob.name, aud, Date.now())
}

function finderOf(options: Partial<EndpointFinderOptions>) {
  const lookups: string[] = []
  const finder = new EndpointFinder({
    worked: () => [],
    filter: new DialFilter({ route: () => ({ localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' }) }),
    ...options,
    lookup: (asked, signal) => {
      lookups.push(asked)
      return options.lookup === undefined ? Promise.resolve(undefined) : options.lookup(asked, signal)
    },
  })
  return { finder, lookups }
}

async function drain(finder: EndpointFinder) {
  const found: string[] = []
  try {
    for await (const next of finder.find(device)) {
      const { host, port } = next.endpoint
      found.push(`${host} ${port} ${'refused' in next ? next.refused : next.from}`)
    }
  } catch (error) {
    found.push(error instanceof DirectoryError ? error.code : 'unexpected')
  }
  return found
}

test('the endpoint that worked last comes before the directory is asked', async () => {
  const { finder, lookups } = finderOf({
    worked: () => [at('127.0.0.1', 9000)],
    lookup: () => userWith(at('127.0.0.1')),
  })
  for await (const found of finder.find(device)) {
    expect(found).toEqual({ endpoint: at('127.0.0.1', 9000), from: 'worked' })
    break
  }
  expect(lookups).toEqual([])
  expect(await drain(finder)).toEqual(['127.0.0.1 9000 worked', '127.0.0.1 8000 statement'])
  expect(lookups).toEqual([device])
})

test('each endpoint comes once however it is spelled, near ones first, refused ones with the reason', async () => {
  const user = await userWith(
    at('2a00::1'),
    at('2a00:0:0::1'),
    at('192.168.1.5'),
    at('169.254.169.254'),
    at('1.1.1.1', 22),
    at('::1'),
  )
  const worked = [at('2A00::0001'), at('127.0.0.1', 9000), at('192.168.1.5')]
  const { finder } = finderOf({ worked: () => worked, lookup: () => Promise.resolve(user) })
  expect(await drain(finder)).toEqual([
    '2A00::0001 8000 worked',
    '::1 8000 statement',
    '169.254.169.254 8000 metadata',
    '1.1.1.1 22 port',
    '127.0.0.1 9000 worked',
    // The user once typed it, so it is not for the filter to refuse.
    '192.168.1.5 8000 worked',
  ])
})

test('a directory that is away holds up nothing that worked before, and is named at the end', async () => {
  const lookup = () => Promise.reject(new DirectoryError('unreachable', 'away'))
  const { finder } = finderOf({ worked: () => [at('127.0.0.1', 1111), at('127.0.0.1', 2222)], lookup })
  expect(await drain(finder)).toEqual(['127.0.0.1 1111 worked', '127.0.0.1 2222 worked', 'unreachable'])
})

test('a device that nobody knows anything of has no endpoints', async () => {
  expect(await drain(finderOf({}).finder)).toEqual([])
  const other = await identityOf('mallory')
  const user = await userWith(at('127.0.0.1'))
  const { finder } = finderOf({ lookup: () => Promise.resolve(user) })
  expect(await finder.find(other.device.publicKey).next()).toEqual({ done: true, value: undefined })
})
