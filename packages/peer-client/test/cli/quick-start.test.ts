import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { announce, parley } from '../support/command-line.ts'
import { runApi } from '../support/running-api.ts'
import { tempDirectory } from '../support/temp-directory.ts'

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

test('what was compiled is kept for the next start, in a place that is the owner’s alone', async () => {
  await using dir = await tempDirectory()
  const environment = { HOME: dir.path, NODE_COMPILE_CACHE: undefined }
  expect(await parley(['--version'], { environment })).toMatchObject({ code: 0 })
  const compiled = join(dir.path, '.cache/parley/compiled')
  expect((await stat(compiled)).mode & 0o777).toBe(0o700)
  const entries = await readdir(compiled, { recursive: true, withFileTypes: true })
  expect(entries.filter((entry) => entry.isFile()).length).toBeGreaterThan(0)
})
