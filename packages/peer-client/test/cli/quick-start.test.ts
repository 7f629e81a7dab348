import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { announce, parley } from '../support/command-line.ts'
import { runApi } from '../support/running-api.ts'

const SCRIPT = fileURLToPath(new URL('../support/loaded-packages.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

test('a command that only asks the daemon does not load what the daemon is made of', async () => {
  await using w = await runApi()
  await announce(w)
  const { code, out } = await parley([MAIN, 'status', '--profile', w.profile], { script: SCRIPT })
  expect(code).toBe(0)
  const loaded: string[] = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')
  const packages = loaded.filter((specifier) => !specifier.startsWith('node:'))
  expect(packages).toEqual(['commander', 'zod'])
})
