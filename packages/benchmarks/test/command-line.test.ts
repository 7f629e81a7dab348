import { expect, test } from 'vitest'
import { readCommandLine } from '#command-line.ts'

test('without options it is three rounds of five seconds', () => {
  expect(readCommandLine(['messages'])).toEqual({
    benchmark: 'messages',
    only: undefined,
    rounds: 3,
    users: 100_000,
    bulk: 1_000_000,
    peers: 100,
    page: 100_000,
    load: { seconds: 5 },
    json: false,
    help: false,
    cpuProfiles: undefined,
  })
})

test('options say otherwise', () => {
  const args = ['messages', '--rounds', '7', '--messages=1000', '--json', '--cpu-prof', 'dir']
  expect(readCommandLine(args)).toMatchObject({ rounds: 7, load: { messages: 1000 }, json: true, cpuProfiles: 'dir' })
  expect(readCommandLine(['--seconds', '9', 'messages'])).toMatchObject({ load: { seconds: 9 } })
  expect(readCommandLine(['directory', '--only', 'lookup,crowd', '--users', '12'])).toMatchObject({
    only: ['lookup', 'crowd'],
    users: 12,
  })
})

test.each([
  [['messages', '--rounds', '0']],
  [['messages', '--rounds', '1.5']],
  [['messages', '--seconds', '']],
  [['messages', '--seconds', '1', '--messages', '1']],
  [['directory', '--users', 'many']],
  [['messages', '--fast']],
  [['messages', 'files']],
])('%j is refused', (args) => {
  expect(() => readCommandLine(args)).toThrow(expect.objectContaining({ code: 'usage' }))
})
