import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { describe, expect, test } from 'vitest'
import { DirectoryUnderTest, problem, userPath } from './support/directory-under-test.ts'
import { randomName } from './support/guests.ts'

describe('the list of users', () => {
  test('is in the order of names, in pages that miss nobody and repeat nobody', async () => {
    const directory = await DirectoryUnderTest.visit()
    const prefix = randomName()
    const names = ['-e', '.a', '-b', '_d', '0c'].map((suffix) => `${prefix}${suffix}`)
    for (const name of names) await directory.register({}, name)

    const seen: string[] = []
    const start = await cursorBefore(directory, prefix)
    for await (const page of directory.pages('limit=2', start)) {
      expect(page.length).toBeLessThanOrEqual(2)
      seen.push(...page.map((user) => user.name))
      if ((page.at(-1)?.name ?? '') > `${prefix}~`) break
    }

    expect(seen.filter((name) => name.startsWith(prefix))).toEqual(names.toSorted())
    expect(seen).toEqual(seen.toSorted())
  })

  test('tells the profile and the presence of each, and nothing that only a record proves', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register({ displayName: 'Alice A.', profile: { statusText: 'on the road' } })

    const [summary] = await directory.listed('', [alice])

    expect(summary).toMatchObject({
      accountId: alice.accountId,
      name: alice.name,
      displayName: 'Alice A.',
      statusText: 'on the road',
      status: 'offline',
    })
    expect(summary).not.toHaveProperty('record')
  })

  test('by address finds who was seen there, and nobody elsewhere', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    if (!directory.info.features.includes('lookup-by-address')) {
      expect((await directory.request.get('/v1/users?ip=192.0.2.77')).status).toBeGreaterThanOrEqual(400)
      return
    }
    const { observedAddress } = await directory.user(alice)
    if (observedAddress === undefined) throw new Error('the directory tells no observed address')

    expect(await directory.listed(`&ip=${observedAddress}`, [alice])).toMatchObject([{ name: alice.name }])
    // Addresses for documentation, from which nobody comes (RFC 5737, RFC 3849).
    for (const elsewhere of ['192.0.2.77', '2001:db8::77']) {
      const { body } = await directory.request.get(`/v1/users?ip=${elsewhere}`).expect(200)
      expect(body).toEqual({ users: [] })
    }
  })

  test('does not believe an address that a header claims', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const record = await alice.record()
    const claims = { 'x-forwarded-for': '192.0.2.88', forwarded: 'for=192.0.2.88', 'x-real-ip': '192.0.2.88' }

    await directory.request.put(userPath(alice)).set(claims).send({ record }).expect(201)

    expect((await directory.user(alice)).observedAddress).not.toBe('192.0.2.88')
  })

  test.each([
    'limit=0',
    'limit=100000',
    'limit=x',
    'limit=1&limit=2',
    'status=away',
    'cursor=%21',
    'ip=localhost',
    'x=1',
  ])('refuses the query %s', async (query) => {
    const directory = await DirectoryUnderTest.visit()

    expect(await directory.request.get(`/v1/users?${query}`)).toMatchObject(problem(400, 'bad-query'))
  })
})

/** A cursor shortly before the first name with this prefix. */
async function cursorBefore(directory: DirectoryUnderTest, prefix: string): Promise<string | undefined> {
  let cursor: string | undefined
  for (;;) {
    const from = cursor === undefined ? '' : `&cursor=${cursor}`
    const page = UsersPage.parse((await directory.request.get(`/v1/users?limit=200${from}`).expect(200)).body)
    const at = page.users.findIndex((user) => user.name >= prefix)
    if (at === -1) {
      if (page.next === undefined) throw new Error(`nobody is listed from ${prefix} on`)
      cursor = page.next
      continue
    }
    if (at === 0) return cursor
    return UsersPage.parse((await directory.request.get(`/v1/users?limit=${at}${from}`).expect(200)).body).next
  }
}
