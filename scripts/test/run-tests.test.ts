import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { whyUntestable } from '../running/directory-at.ts'
import { readFlags } from '../running/run-tests-flags.ts'

test.each([
  [['--port', '0'], '--port is a number'],
  [['--port', 'x'], '--port is a number'],
  [['--host', ''], '--host needs an address'],
  [['--bogus'], "Unknown option '--bogus'"],
  [['extra'], 'extra'],
  [['--test'], '--test'],
  [['--test', 'nope'], 'The suite has no file nope. It has:\n  '],
])('pnpm run-tests refuses %j', (args, said) => {
  expect(() => readFlags(args)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(said) }),
  )
})

function info(...features: readonly string[]): string {
  return JSON.stringify({ directoryKey: 'A'.repeat(43), versions: ['v1'], features, limits: {} })
}

test.each([
  [info('read-only'), 'gives no new names to the tests (read-only)'],
  [info('allow-list'), 'gives no new names to the tests (allow-list)'],
  [info('registration-token'), 'set PARLEY_REGISTRATION_TOKEN'],
  ['{"hello":"world"}', 'is no directory'],
  [info(), undefined],
])('what answers %s is tested or not', async (answer, said) => {
  const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  try {
    const why = await whyUntestable(`http://127.0.0.1:${address.port}`, false)
    expect(why).toEqual(said === undefined ? undefined : expect.stringContaining(said))
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
