import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { limitChanges } from '#limits/limit-changes.ts'
import { readHere } from './support/read-here.ts'
import { scratch } from './support/spawned-directory.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

function printLimits(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return readHere(['--print-limits', ...args], { env })
}

describe('a limit of a directory', () => {
  test('can be changed by flag, by environment and in a file, and is told as it is', async () => {
    await using place = await scratch()
    const config = join(place.dir, 'config.yaml')
    await writeFile(config, 'limit:\n  MAX_BODY_BYTES: 9000\n  MAX_WATCHED_NAMES: 9\n')

    const [flags, environment, file] = await Promise.all([
      printLimits(['--limit', 'MAX_BODY_BYTES=7000', '--limit', 'MAX_WATCHED_NAMES=7', '--json']),
      printLimits(['--json'], { PARLEY_DIRECTORY_LIMIT: 'MAX_BODY_BYTES=8000, MAX_WATCHED_NAMES=8' }),
      printLimits(['--json', '--config', config]),
    ])

    for (const [ended, body, names] of [
      [flags, 7_000, 7],
      [environment, 8_000, 8],
      [file, 9_000, 9],
    ] as const) {
      expect(JSON.parse(ended.stdout)).toMatchObject({
        MAX_BODY_BYTES: { value: body, unit: 'bytes' },
        MAX_WATCHED_NAMES: { value: names },
        MAX_HEADER_BYTES: { value: 8_192 },
      })
    }
  })

  test('that was changed is kept, logged at the start, and told to clients', async () => {
    const lines: string[] = []
    const limit = { MAX_BODY_BYTES: 100, MAX_JSON_DEPTH: 2, MAX_HEADER_BYTES: 1_000 }
    await using directory = await TestDirectory.start({
      limit,
      log: pino({}, { write: (line) => void lines.push(line) }),
    })

    expect(await directory.put('/v1/users/alice', { record: 'x'.repeat(100) })).toMatchObject({ status: 413 })
    expect(await directory.put('/v1/users/alice', { record: [[]] })).toMatchObject(
      refusal(400, 'bad-json', { detail: 'nested deeper than 2' }),
    )
    const long = await fetch(`${directory.url}/v1`, { headers: { 'x-long': 'a'.repeat(1_000) } })
    expect(long.status).toBe(431)
    expect((await directory.get('/v1')).body).toMatchObject({ limits: { MAX_BODY_BYTES: 100 } })
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ ...limit, msg: 'limits differ from the defaults' }),
    )
  })

  test.each([
    ['an unknown name', 'MAX_BODY_BITES=1', 'there is no limit "MAX_BODY_BITES"; did you mean "MAX_BODY_BYTES"?'],
    ['a name alone', 'MAX_BODY_BYTES', 'takes a whole number from 1 to'],
    ['nothing', 'MAX_BODY_BYTES=0', 'takes a whole number from 1 to'],
    ['a fraction', 'MAX_BODY_BYTES=1.5', 'takes a whole number from 1 to'],
    ['a word', 'MAX_BODY_BYTES=many', 'takes a whole number from 1 to'],
    ['more than a timer can wait', 'PRESENCE_PING_MS=2147483648', 'takes a whole number from 1 to 2147483647'],
    ['what is the same everywhere', 'MAX_NAME_CHARS=64', 'is the same in every directory'],
    ['pings rarer than deaths', 'PRESENCE_PING_MS=45000', 'PRESENCE_DEAD_MS must be above PRESENCE_PING_MS'],
  ])('is refused when it is %s', (_, limit, sentence) => {
    const read = limitChanges().safeParse([limit])

    expect(read.error?.issues[0]?.message).toContain(sentence)
  })

  test('that cannot be changed so ends the program with 64', async () => {
    const ended = await printLimits(['--limit', 'MAX_BODY_BITES=1'])

    expect(ended).toMatchObject({ exitCode: 64, stdout: '' })
    expect(ended.stderr).toContain('--limit MAX_BODY_BITES=1: there is no limit')
  })
})
