import { readFileSync } from 'node:fs'
import { ProblemCode } from '@parley/shared/directory-api/problem.ts'
import { expect, test } from 'vitest'
import { problem } from '#http/problems.ts'

const DOCUMENT = new URL('../../../docs/directory-api.md', import.meta.url)

test('docs/directory-api.md lists every code of a problem with its status, and no other', () => {
  const rows = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `([a-z-]+)`\s*\| (\d{3})\s*\|/gm)]
  const documented = rows.map(([, code, status]) => `${code} ${status}`)
  const actual = ProblemCode.options.map((code) => `${code} ${problem(code).status}`)

  expect(documented.toSorted()).toEqual(actual.toSorted())
})
