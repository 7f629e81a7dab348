import { SearchResult } from '@parley/shared/directory-api/search.ts'
import { describe, expect, test } from 'vitest'
import { DirectoryUnderTest, problem } from './support/directory-under-test.ts'
import { randomName } from './support/guests.ts'

/** The names that are found, the best first. */
async function search(directory: DirectoryUnderTest, q: string): Promise<string[]> {
  const { body } = await directory.request.get(`/v1/search?${new URLSearchParams({ q }).toString()}`).expect(200)
  return SearchResult.parse(body).users.map((user) => user.name)
}

/** A word that nobody else says. */
function randomWord(): string {
  return randomName().slice(2)
}

describe('a search', () => {
  test('finds the beginnings and parts of names, display names and status texts, the best first', async () => {
    const directory = await DirectoryUnderTest.visit()
    const word = randomWord()
    const [exact, longer] = [`t-${word}`, `t-${word}-b`]
    const status = await directory.register({ profile: { statusText: `ask t-${word}` } })
    const display = await directory.register({ displayName: `T-${word} the Great` })
    await directory.register({}, longer)
    await directory.register({}, exact)

    expect(await search(directory, `t-${word}`)).toEqual([exact, longer, display.name, status.name])
    expect(await search(directory, word.slice(2).toUpperCase())).toHaveLength(4)
  })

  test('tells of each what the list of users tells', async () => {
    const directory = await DirectoryUnderTest.visit()
    const word = randomWord()
    const alice = await directory.register({ displayName: `Alice ${word}`, profile: { statusText: 'on the road' } })

    const { body } = await directory.request.get(`/v1/search?q=${word}`).expect(200)

    expect(SearchResult.parse(body).users).toEqual(await directory.listed('', [alice]))
  })

  test('answers with at most 20, and no longer with names that were given up', async () => {
    const directory = await DirectoryUnderTest.visit()
    const word = randomWord()
    const people = await Promise.all(
      Array.from({ length: 21 }, (_, index) => directory.register({}, `t-${word}-${index + 10}`)),
    )
    expect(await search(directory, `t-${word}`)).toHaveLength(20)

    const [first] = people
    if (first === undefined) throw new Error('nobody was registered')
    const retirement = await first.retirement()
    await directory.request.delete(`/v1/users/${first.name}`).send({ retirement }).expect(204)

    const found = await search(directory, `t-${word}`)
    expect(found).toHaveLength(20)
    expect(found).not.toContain(first.name)
  })

  test('takes every character literally', async () => {
    const directory = await DirectoryUnderTest.visit()
    const word = randomWord()
    const plain = await directory.register({ displayName: `${word} plain` })
    for (const meta of [
      '%',
      '_',
      '*',
      '"',
      "'",
      '\\',
      '(',
      ')',
      '^',
      ':',
      '+',
      '-',
      '?',
      '.*',
      '[a-z]',
      ' OR ',
      ' NOT ',
    ]) {
      const marked = await directory.register({ displayName: `${word}${meta}x` })

      expect([meta, await search(directory, `${word}${meta}x`)]).toEqual([meta, [marked.name]])
      expect([meta, await search(directory, `${word}${meta}plain`)]).toEqual([meta, []])
    }
    for (const query of [`${word}%plain`, `${word}_plain`, `${word}*`, `"${word}"`, `${word} OR x`, `NEAR(${word})`]) {
      expect([query, (await search(directory, query)).includes(plain.name)]).toEqual([query, false])
    }
    expect(await search(directory, `${word} plain`)).toEqual([plain.name])
  })

  test.each(['', 'q=', 'q=a&q=b', 'q=a&limit=0', 'q=a&limit=21', 'q=a&x=1', `q=${'a'.repeat(1000)}`])(
    'is refused for the query %p',
    async (query) => {
      const directory = await DirectoryUnderTest.visit()

      expect(await directory.request.get(`/v1/search?${query}`)).toMatchObject(problem(400, 'bad-query'))
    },
  )
})
