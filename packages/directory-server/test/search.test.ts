import { SearchResult } from '@parley/shared/directory-api/search.ts'
import { MAX_SEARCH_CHARS } from '@parley/shared/limits.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, shareDirectory, TestDirectory } from './support/test-directory.ts'

/** The names that are found, the best first. */
async function search(directory: TestDirectory, q: string, limit?: number): Promise<string[]> {
  const query = new URLSearchParams({ q, ...(limit !== undefined && { limit: String(limit) }) })
  const { status, body } = await directory.get(`/v1/search?${query.toString()}`)
  expect(status).toBe(200)
  return SearchResult.parse(body).users.map((user) => user.name)
}

interface Said {
  readonly displayName?: string
  readonly statusText?: string
}

async function register(directory: TestDirectory, people: Readonly<Record<string, Said>>) {
  for (const [name, { displayName = name, statusText }] of Object.entries(people)) {
    const profile = statusText === undefined ? {} : { statusText }
    await directory.publish(directory.person(name), { displayName, profile })
  }
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Of the directory that the tests share. */
let now = Date.UTC(2030, 0, 1)
/** Who is looked for in one test has nothing in common with those of the others. */
const town = shareDirectory({ now: () => now })

describe('a search', () => {
  test('puts the exact name first, then beginnings of names, of display names, of words, then parts', async () => {
    const directory = town()
    await register(directory, {
      'x-johanna': {},
      'b-part': { statusText: 'with susanna' },
      'a-word': { statusText: 'ask Anna' },
      'z-display': { displayName: 'Annabel' },
      'y-display': { displayName: 'Anna Z' },
      'anna-2': {},
      'anna.b': {},
      anna: {},
      nobody: {},
    })

    expect(await search(directory, 'anna')).toEqual([
      'anna',
      'anna-2',
      'anna.b',
      'y-display',
      'z-display',
      'a-word',
      'b-part',
      'x-johanna',
    ])
    expect(await search(directory, 'anna', 3)).toEqual(['anna', 'anna-2', 'anna.b'])
    expect(await search(directory, 'anna', 7)).toHaveLength(7)
  })

  test('tells of each what the list of users tells', async () => {
    const directory = town()
    const alice = directory.person('alice')
    await directory.publish(alice, { displayName: 'Alice A.', profile: { statusText: 'on the road' } })
    await directory.register('bob')
    await using visit = await PresenceClient.enter(directory.url, alice)

    for (const q of ['alice', 'oad']) {
      const { body } = await directory.get(`/v1/search?q=${q}`)
      expect(body).toEqual({
        users: [
          {
            accountId: alice.accountId,
            name: 'alice',
            displayName: 'Alice A.',
            statusText: 'on the road',
            status: 'online',
            observedAddress: '127.0.0.1',
          },
        ],
      })
    }
    expect(visit.socket.readyState).toBe(1)
  })

  test('of one or two characters finds only what begins with them', async () => {
    await using directory = await TestDirectory.start()
    await register(directory, {
      bo: {},
      'x-bo': {},
      obo: {},
      dora: { displayName: 'Bo Ek' },
      emil: { statusText: 'b' },
    })

    expect(await search(directory, 'bo')).toEqual(['bo', 'dora', 'x-bo'])
    expect(await search(directory, 'b')).toEqual(['bo', 'dora', 'emil', 'x-bo'])
  })

  test('answers with at most 20', async () => {
    const directory = town()
    for (let index = 10; index < 35; index++) await directory.register(`user${index}`)

    expect(await search(directory, 'user')).toEqual(Array.from({ length: 20 }, (_, index) => `user${10 + index}`))
    expect(await search(directory, 'ser')).toHaveLength(20)
  })

  test('takes no account of case, accents, width and kinds of space, in any script', async () => {
    const directory = town()
    await register(directory, {
      zoe: { displayName: 'Zoë  Müller-Lüdenscheidt' },
      wide: { displayName: 'ＦＵＬＬ\u3000ＷＩＤＴＨ' },
      greek: { displayName: 'Οδυσσεύς' },
      strasse: { displayName: 'Große Straße' },
      russian: { displayName: 'Алёна Иванова' },
      chinese: { displayName: '王小明' },
      thai: { displayName: 'สมชาย' },
      emoji: { displayName: '🌱🌱🌱 Sprout' },
      turkish: { displayName: 'İpek Işık' },
    })

    for (const [q, name] of [
      ['zoe m', 'zoe'],
      ['ZOË MÜL', 'zoe'],
      ['uller-lud', 'zoe'],
      ['full w', 'wide'],
      ['ΟΔΥΣΣΕΥΣ', 'greek'],
      ['δυσσευς', 'greek'],
      ['STRASSE', 'strasse'],
      ['oße str', 'strasse'],
      ['алена', 'russian'],
      ['ВАНОВ', 'russian'],
      ['王', 'chinese'],
      ['小明', 'chinese'],
      ['明', 'chinese'],
      ['สม', 'thai'],
      ['🌱🌱🌱', 'emoji'],
      ['ipek', 'turkish'],
      ['ＺＯＥ', 'zoe'],
      ['  zoe  ', 'zoe'],
    ] as const) {
      expect([q, await search(directory, q)]).toEqual([q, [name]])
    }
  })

  describe('of signs that elsewhere mean something', () => {
    beforeAll(() =>
      register(town(), {
        percent: { displayName: 'is 100% sure' },
        underscore: { displayName: 'so a_b it' },
        quote: { displayName: 'the "quoted" text' },
        star: { displayName: 'a *star* b' },
        or: { displayName: 'not a OR b' },
        near: { displayName: 'is NEAR(x, y)' },
        caret: { displayName: 'x ab^c' },
        column: { displayName: 'x {c}:d' },
        apostrophe: { displayName: "well it's me" },
        backslash: { displayName: 'a \\u0 b' },
        plain: { displayName: '1000 a-b axb quoted star a b near abc cd its' },
      }),
    )

    test.each([
      ['100%', 'percent'],
      ['00%', 'percent'],
      ['a_b', 'underscore'],
      ['"quoted', 'quote'],
      ['d" t', 'quote'],
      ['*star*', 'star'],
      ['a OR b', 'or'],
      ['NEAR(x', 'near'],
      ['ab^c', 'caret'],
      ['{c}:d', 'column'],
      ["it's", 'apostrophe'],
      ['\\u0', 'backslash'],
    ])('finds %s as it is written, and nothing else', async (q, name) => {
      expect(await search(town(), q)).toEqual([name])
    })
  })

  describe('among few', () => {
    const village = shareDirectory()
    beforeAll(() => register(village(), { bob: { statusText: 'c d e' } }))

    test.each(['%', '%%%', '_', '___', '*', '***', '"', '"""', 'a* ', '^', 'text:', '-', 'AND', 'zz" OR "zz'])(
      'with nothing but %s is no wildcard and no syntax error',
      async (q) => {
        expect(await search(village(), q)).toEqual([])
      },
    )
  })

  test('does not join what stands apart', async () => {
    const directory = town()
    await register(directory, { one: { displayName: 'two', statusText: 'three' }, apart: { displayName: 'lga x olg' } })

    for (const q of ['onetwo', 'one two', 'twothree', 'two three', 'e\ntwo', 'olga']) {
      expect([q, await search(directory, q)]).toEqual([q, []])
    }
  })

  test('finds what is said now, and no longer what was said before', async () => {
    const directory = town()
    const xavier = directory.person('xavier')
    await directory.publish(xavier, { displayName: 'Yule', profile: { statusText: 'freezing' } })
    await directory.publish(xavier, { displayName: 'Vacation', profile: {} })

    for (const q of ['yu', 'yule', 'ule', 'freez', 'eezin']) expect([q, await search(directory, q)]).toEqual([q, []])
    for (const q of ['va', 'vacation', 'acat', 'avie']) expect([q, await search(directory, q)]).toEqual([q, ['xavier']])
  })

  test('does not find who gave the name up, and finds who has it next', async () => {
    const directory = town()
    const ulrich = await directory.register('ulrich')
    await directory.delete('/v1/users/ulrich', { retirement: await ulrich.retirement() })
    for (const q of ['ul', 'ulrich', 'lric']) expect([q, await search(directory, q)]).toEqual([q, []])

    now += 91 * DAY_MS
    await directory.publish(directory.person('ulrich'), { displayName: 'Another' })
    for (const q of ['ul', 'ulrich', 'lric', 'nothe']) expect([q, await search(directory, q)]).toEqual([q, ['ulrich']])
  })

  test('does not find whose record has expired', async () => {
    const directory = town()
    const fabian = directory.person('fabian')
    await directory.publish(fabian, { expiresAt: now + 1_000 })
    for (const q of ['fa', 'fabian', 'abia']) expect([q, await search(directory, q)]).toEqual([q, ['fabian']])

    now += 1_000
    for (const q of ['fa', 'fabian', 'abia']) expect([q, await search(directory, q)]).toEqual([q, []])
    await directory.publish(fabian)
    for (const q of ['fa', 'fabian', 'abia']) expect([q, await search(directory, q)]).toEqual([q, ['fabian']])
  })

  test('finds the same after a restart', async () => {
    await using directory = await TestDirectory.start()
    await register(directory, { alice: { displayName: 'Älice' }, bob: {} })

    await directory.restart()

    for (const q of ['al', 'alice', 'lice']) expect(await search(directory, q)).toEqual(['alice'])
  })

  test.each([
    '',
    'q=',
    'q=%20%20',
    'q=%CC%81',
    `q=${'a'.repeat(MAX_SEARCH_CHARS + 1)}`,
    'q=a&limit=0',
    'q=a&limit=21',
    'q=a&limit=x',
    'q=a&q=b',
    'q=a&cursor=x',
    'query=a',
  ])('is refused for the query %s', async (query) => {
    expect(await town().get(`/v1/search?${query}`)).toMatchObject(refusal(400, 'bad-query'))
  })

  test('that finds no room in the line is refused with `busy`, and the others are answered', async () => {
    await using directory = await TestDirectory.start({ limit: { MAX_WAITING_SEARCHES: 3 } })
    await register(directory, { alice: {} })

    const answers = await Promise.all(Array.from({ length: 20 }, () => directory.get('/v1/search?q=lice')))

    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) {
      expect(answer).toMatchObject(refusal(503, 'busy'))
      expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect(answers.filter(({ status }) => status === 200).length).toBe(20 - refused.length)
    expect(directory.dropped()).toEqual({ 'search-queue-full': refused.length })
    expect(await search(directory, 'lice')).toEqual(['alice'])
  })
})
