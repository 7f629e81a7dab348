import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the client needs nothing that a browser does not have', async () => {
  const script = fileURLToPath(new URL('imports.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', script])
  expect(JSON.parse(stdout)).toEqual(['zod'])
})
