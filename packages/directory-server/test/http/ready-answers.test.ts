import { accountIdOf } from '@parley/shared/hashes.ts'
import { AccountKey, Name } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { expect, test } from 'vitest'
import { ReadyAnswers, type ReadyAnswersOptions } from '#http/ready-answers.ts'
import { directoryLimits } from '#limits/directory-limits.ts'

const accountId = accountIdOf(generateKeyPair(AccountKey).publicKey)

/** Answers about names that all belong to one account; `asked` counts what had to be made. */
function answersOf(options: Partial<ReadyAnswersOptions> = {}) {
  const asked: string[] = []
  const answers = new ReadyAnswers({
    limits: directoryLimits(),
    now: () => 0,
    find: (name) => {
      asked.push(name)
      const user = { accountId, name, record: 'r' as Jws, devices: [], status: 'offline' as const, logIndex: 0 }
      return { user, expiresAt: 1_000 }
    },
    ...options,
  })
  return { answers, asked }
}

test('an answer is made once, and again after it was forgotten, also under another name of the account', () => {
  const { answers, asked } = answersOf()
  for (const url of ['/v1/users/a', '/v1/users/b', '/v1/users/a', '/v1/users/b']) answers.get(url)
  expect(asked).toEqual(['a', 'b'])
  answers.forget(accountId)
  expect(answers.size).toBe(0)
  answers.get('/v1/users/b')
  expect(asked).toEqual(['a', 'b', 'b'])
})

test('an answer does not outlive the record it tells of, and an expired record has one too', () => {
  let now = 999
  const { answers, asked } = answersOf({ now: () => now })
  for (const at of [999, 999, 1_000, 1_000, 2_000]) {
    now = at
    answers.get('/v1/users/a')
  }
  expect(asked).toEqual(['a', 'a'])
})

test('answers are bounded in number and in bytes', () => {
  const { answers } = answersOf({ limits: directoryLimits({ MAX_READY_ANSWERS: 3 }) })
  for (let count = 0; count < 10; count += 1) answers.get(`/v1/users/${count}`)
  expect(answers.size).toBe(3)
  const { answers: tight } = answersOf({ limits: directoryLimits({ MAX_READY_ANSWER_BYTES: 2_000 }) })
  for (let count = 0; count < 10; count += 1) tight.get(`/v1/users/${count}`)
  expect(tight.size).toBeGreaterThan(0)
  expect(tight.size).toBeLessThan(4)
  tight.forget(accountId)
  expect(tight.size).toBe(0)
})

test('an answer too large to be kept is still given', () => {
  const { answers, asked } = answersOf({ limits: directoryLimits({ MAX_READY_ANSWER_BYTES: 100 }) })
  expect(answers.get('/v1/users/a')).toBe(answers.get('/v1/users/a'))
  expect(asked).toEqual(['a', 'a'])
  expect(answers.size).toBe(0)
})

test('text beyond ASCII is kept as the bytes of its UTF-8', () => {
  const { answers } = answersOf({
    find: () => ({
      user: {
        accountId,
        name: Name.parse('a'),
        record: 'ä€😀' as Jws,
        devices: [],
        status: 'offline',
        logIndex: 0,
      },
      expiresAt: 1,
    }),
  })
  const body = Buffer.from(answers.get('/v1/users/a') ?? '', 'latin1').toString('utf8')
  expect(JSON.parse(body)).toMatchObject({ record: 'ä€😀' })
})

test.each(['/v1/users/A', '/v1/users/', '/v1/users/a/b', '/v1/users/a?', '/v1/users/%61', '/v1/users', ''])(
  'nothing is made for %j',
  (url) => {
    const { answers, asked } = answersOf()
    expect(answers.get(url)).toBeUndefined()
    expect(asked).toEqual([])
  },
)
