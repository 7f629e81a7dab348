import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import type { DirectoryOptions } from '#directory-server.ts'
import { ask } from './support/ask.ts'
import { prekeyBatch } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

const LATER = { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) }

describe('a source', () => {
  test('registers so many names in an hour, updates the ones it has, and keeps nobody else from it', async () => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_REGISTRATIONS_PER_HOUR: 2 } })
    const alice = await directory.register('alice')
    await directory.register('bob')
    const put = async (name: string, from: string) => {
      const record = await directory.person(name).record()
      return await ask(directory.url, { method: 'PUT', path: `/v1/users/${name}`, body: { record }, from })
    }

    const refused = await put('carol', '127.0.0.1')
    expect(refused).toMatchObject({ ...refusal(429, 'rate-limited'), headers: LATER })
    // Half an hour for each.
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(1_700)
    await directory.publish(alice)
    expect(await put('carol', '127.0.0.2')).toMatchObject({ status: 201 })
    expect(directory.dropped()).toEqual({ 'rate-registration': 1 })
  })

  test.each([
    ['MAX_LOOKUPS_PER_MINUTE', 'rate-lookup', '/v1/users/alice'],
    ['MAX_SEARCHES_PER_MINUTE', 'rate-search', '/v1/users'],
    ['MAX_SEARCHES_PER_MINUTE', 'rate-search', '/v1/search?q=al'],
    ['MAX_SEARCHES_PER_MINUTE', 'rate-search', '/v1/users?ip=127.0.0.1'],
  ] as const)('asks no more often than %s says (%s for %s)', async (limit, reason, path) => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { [limit]: 3 } })
    await directory.register('alice')
    const answers = []
    for (let times = 0; times < 5; times++) answers.push(await directory.get(path))

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
    expect(answers[4]).toMatchObject(refusal(429, 'rate-limited'))
    expect(answers[4]?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await ask(directory.url, { path, from: '127.0.0.2' })).toMatchObject({ status: 200 })
    expect(await directory.get('/healthz')).toMatchObject({ status: 200 })
    expect(directory.dropped()).toEqual({ [reason]: 2 })
  })

  test('writes no more often than it may, whatever it writes', async () => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_WRITES_PER_MINUTE: 3 } })
    const alice = await directory.register('alice')
    const device = `/v1/users/alice/devices/${alice.device.id}`
    const answers = [
      await directory.put(device, { statement: await alice.statement() }),
      await directory.put(`${device}/prekeys`, {}),
      await directory.post(`${device}/prekeys/claim`, {}),
      await directory.put(device, { statement: await alice.statement() }),
      await directory.delete('/v1/users/alice', { retirement: await alice.retirement() }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([201, 400, 400, 429, 429])
    expect(await directory.user('alice')).toMatchObject({ name: 'alice' })
  })

  test('on this machine is not limited while nobody else can reach the directory, unless it is to be', async () => {
    const limit = { MAX_LOOKUPS_PER_MINUTE: 1, MAX_SOCKETS_PER_SOURCE: 1, MAX_NEW_SOCKETS_PER_SECOND: 1 }
    const cases: readonly (readonly [Partial<DirectoryOptions>, number])[] = [
      [{}, 200],
      [{ rateLimit: 'off', trustProxy: ['10.0.0.0/8'] }, 200],
      [{ trustProxy: ['10.0.0.0/8'], limit: { MAX_LOOKUPS_PER_MINUTE: 1 } }, 429],
      [{ rateLimit: 'on', limit: { MAX_LOOKUPS_PER_MINUTE: 1 } }, 429],
    ]
    for (const [options, status] of cases) {
      await using directory = await TestDirectory.start({ limit, ...options })
      await directory.register('alice')
      await directory.get('/v1/users/alice')

      expect(await directory.get('/v1/users/alice')).toMatchObject({ status })
    }
  })
})

test('one-time prekeys of one device go out only so often, and the last-resort key answers always', async () => {
  await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_PREKEY_HANDOUTS_PER_HOUR: 2 } })
  const alice = await directory.register('alice')
  const bob = await directory.register('bob')
  const path = `/v1/users/alice/devices/${alice.device.id}/prekeys`
  const prekeys = JSON.stringify(prekeyBatch(10))
  await directory.put(path, { upload: await alice.upload(prekeys), prekeys })
  const claimed = []
  for (let times = 0; times < 4; times++) {
    claimed.push(await directory.post(`${path}/claim`, { claim: await bob.claim(alice.device.id) }))
  }

  const oneTime = { body: { bundle: { curve: expect.anything() } } }
  expect(claimed.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(claimed.slice(0, 2)).toMatchObject([oneTime, oneTime])
  for (const { body } of claimed.slice(2)) {
    expect(body).toMatchObject({ bundle: { kyber: { id: 0xff_ff_ff } } })
    expect(body).not.toHaveProperty('bundle.curve')
  }
  expect(await directory.get(path)).toMatchObject({ body: { oneTime: 8 } })
  expect(directory.dropped()).toEqual({ 'rate-prekeys': 2 })
})

test('one source begins to watch only so many names in a minute, over all its sockets', async () => {
  await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_WATCHES_PER_MINUTE: 5 } })
  const alice = await directory.register('alice')
  const bob = await directory.register('bob')
  const names = ['alice', 'bob', 'carol'].map((name) => Name.parse(name))
  await using first = await PresenceClient.enter(directory.url, alice)
  await using second = await PresenceClient.enter(directory.url, bob)
  first.send({ type: 'watch', names })
  await first.next('presence')
  second.send({ type: 'watch', names })

  expect(await second.next('problem')).toMatchObject({ code: 'rate-limited' })
  // "Try again later", in the registry of close codes.
  expect(await second.closed).toBe(1013)
  expect(directory.dropped()).toEqual({ 'rate-watch': 1 })
})
