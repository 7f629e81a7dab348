import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { describe, expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, shareDirectory, TestDirectory } from './support/test-directory.ts'

const badQuery = refusal(400, 'bad-query')

async function pages(directory: TestDirectory, query: string): Promise<string[][]> {
  const seen: string[][] = []
  let cursor = ''
  do {
    const { body } = await directory.get(`/v1/users?${query}${cursor}`)
    const { users, next } = UsersPage.parse(body)
    seen.push(users.map((user) => user.name))
    cursor = next === undefined ? '' : `&cursor=${next}`
  } while (cursor !== '')
  return seen
}

/** For questions that nobody's being there changes. */
const shared = shareDirectory()

describe('the list of users', () => {
  test('is in the order of names, in pages that miss nobody and repeat nobody', async () => {
    await using directory = await TestDirectory.start()
    const names = ['zoe', 'a', 'alice', 'alice-2', 'b', '0', 'bob']
    for (const name of names) await directory.register(name)

    expect(await pages(directory, 'limit=3')).toEqual([['0', 'a', 'alice'], ['alice-2', 'b', 'bob'], ['zoe']])
    expect(await pages(directory, 'limit=7')).toEqual([names.toSorted()])
    expect(await pages(directory, '')).toEqual([names.toSorted()])
  })

  test('goes on where it was when names come and go between its pages', async () => {
    await using directory = await TestDirectory.start()
    for (const name of ['b', 'd', 'f']) await directory.register(name)
    const gone = await directory.register('c')
    const first = UsersPage.parse((await directory.get('/v1/users?limit=2')).body)
    await directory.delete('/v1/users/c', { retirement: await gone.retirement() })
    for (const name of ['a', 'e']) await directory.register(name)

    const second = UsersPage.parse((await directory.get(`/v1/users?limit=9&cursor=${first.next}`)).body)

    expect(first.users.map((user) => user.name)).toEqual(['b', 'c'])
    expect(second.users.map((user) => user.name)).toEqual(['d', 'e', 'f'])
    expect(second.next).toBeUndefined()
  })

  test('tells the profile and the presence of each user, and nothing that only a record proves', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    await directory.publish(alice, { displayName: 'Alice A.', profile: { statusText: 'on the road' } })

    expect((await directory.get('/v1/users')).body).toEqual({
      users: [
        {
          accountId: alice.accountId,
          name: 'alice',
          displayName: 'Alice A.',
          statusText: 'on the road',
          status: 'offline',
          observedAddress: '127.0.0.1',
        },
      ],
    })
  })

  test('can be of those who are online, or of those who are not', async () => {
    await using directory = await TestDirectory.start()
    const people = await Promise.all(['a', 'b', 'c', 'd'].map((name) => directory.register(name)))
    const [, bob, , dora] = people
    if (bob === undefined || dora === undefined) throw new Error('four people expected')
    await using first = await PresenceClient.enter(directory.url, bob)
    await using second = await PresenceClient.enter(directory.url, dora)

    expect(await pages(directory, 'status=online&limit=1')).toEqual([['b'], ['d']])
    expect(await pages(directory, 'status=offline')).toEqual([['a', 'c']])
    expect(await pages(directory, 'status=online&ip=127.0.0.1')).toEqual([['b', 'd']])
    expect(await pages(directory, 'status=offline&ip=127.0.0.1')).toEqual([['a', 'c']])
    await Promise.all([first.close(), second.close()])
    expect(await pages(directory, 'status=online')).toEqual([[]])
  })

  test.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1&limit=2',
    'status=away',
    'cursor=%21',
    `cursor=${Buffer.from('Not A Name').toString('base64url')}`,
    'ip=localhost',
    'ip=127.0.0.0/8',
    'name=alice',
    '__proto__=1',
    'Limit=1',
  ])('is refused for the query %s', async (query) => {
    const directory = shared()

    expect(await directory.get(`/v1/users?${query}`)).toMatchObject(badQuery)
  })
})

describe('looking up an address', () => {
  test('finds who came from exactly there, however the address is spelled', async () => {
    await using directory = await TestDirectory.start({ host: '::1' })
    await directory.register('alice')

    for (const ip of ['::1', '0:0:0:0:0:0:0:1', '0000::0001']) {
      expect(await pages(directory, `ip=${ip}`)).toEqual([['alice']])
    }
    for (const ip of ['127.0.0.1', '::2', '::ffff:127.0.0.1']) expect(await pages(directory, `ip=${ip}`)).toEqual([[]])
  })

  test('folds IPv4-mapped IPv6 to IPv4, in what it saw and in what is asked', async () => {
    // A socket that takes both families shows IPv4 addresses as ::ffff:127.0.0.1.
    await using directory = await TestDirectory.start({ host: '::', insecureHttp: true })
    const record = await directory.person('alice').record()
    const url = `http://127.0.0.1:${new URL(directory.url).port}`
    await fetch(`${url}/v1/users/alice`, {
      method: 'PUT',
      body: JSON.stringify({ record }),
      headers: { 'content-type': 'application/json' },
    })

    expect(await directory.user('alice')).toMatchObject({ observedAddress: '127.0.0.1' })
    for (const ip of ['127.0.0.1', '::ffff:127.0.0.1', '::FFFF:7f00:1']) {
      const response = await fetch(`${url}/v1/users?ip=${ip}`)
      expect(await response.json()).toMatchObject({ users: [{ name: 'alice' }] })
    }
  })

  test('pages through all who share an address, under each name that shows them', async () => {
    await using directory = await TestDirectory.start()
    const people = []
    for (const name of ['d', 'a', 'c', 'b']) people.push(await directory.register(name))
    const [dora, , carol] = people
    if (dora === undefined || carol === undefined) throw new Error('four people expected')
    const other = await directory.register('e', dora)
    await directory.publish(carol, { hidePresence: true })
    expect(await pages(directory, 'ip=127.0.0.1&limit=2')).toEqual([
      ['a', 'b'],
      ['d', 'e'],
    ])

    await directory.publish(carol)
    await directory.delete('/v1/users/d', { retirement: await dora.retirement() })
    expect(await pages(directory, 'ip=127.0.0.1&limit=2')).toEqual([
      ['a', 'b'],
      ['c', 'e'],
    ])
    await directory.restart()
    expect(await pages(directory, 'ip=127.0.0.1&limit=3')).toEqual([['a', 'b', 'c'], ['e']])
    await directory.delete('/v1/users/e', { retirement: await other.retirement() })
    expect(await pages(directory, 'ip=127.0.0.1')).toEqual([['a', 'b', 'c']])
  })

  test('is not misled by forwarding headers', async () => {
    await using directory = await TestDirectory.start()
    const record = await directory.person('alice').record()
    await fetch(`${directory.url}/v1/users/alice`, {
      method: 'PUT',
      body: JSON.stringify({ record }),
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': '203.0.113.9',
        'x-real-ip': '203.0.113.9',
        forwarded: 'for=203.0.113.9',
      },
    })

    expect(await directory.user('alice')).toMatchObject({ observedAddress: '127.0.0.1' })
    expect(await pages(directory, 'ip=203.0.113.9')).toEqual([[]])
  })
})

test('the lookup of addresses can be switched off', async () => {
  await using directory = await TestDirectory.start({ ipLookup: false })
  await directory.register('alice')

  expect(await directory.get('/v1/users?ip=127.0.0.1')).toMatchObject(refusal(403, 'ip-lookup-off'))
  expect(await pages(directory, '')).toEqual([['alice']])
  expect(await directory.get('/v1')).not.toMatchObject({
    body: { features: expect.arrayContaining(['lookup-by-address']) },
  })
  await directory.restart({ ipLookup: true })
  expect(await pages(directory, 'ip=127.0.0.1')).toEqual([['alice']])
  expect(await directory.get('/v1')).toMatchObject({
    body: { features: expect.arrayContaining(['lookup-by-address']) },
  })
})

test.each(['/v1?x=1', '/v1/users/alice?proof=1', '/healthz?x=1', '/readyz?x='])(
  'a query that the call does not take is refused: %s',
  async (path) => {
    const directory = shared()

    expect(await directory.get(path)).toMatchObject(badQuery)
  },
)

test('a name that nobody ever held is unknown', async () => {
  const directory = shared()

  expect(await directory.get('/v1/users/nobody')).toMatchObject(refusal(404, 'unknown-name'))
})
