import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// The pages that promise something link each line to the test that shows it, by the name of the test. A test that was renamed or
// dropped must not leave the promise behind.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = ['docs/threat-model.md', 'docs/delivery-promise.md', 'docs/reliability.md']
const MIN_LINKS = 10
const LINK = /\[([^\]]+)\]\((\.\.\/[^)]+\.test\.ts)\)/g

test.each(PAGES)('every line of %s is shown by a test that is there', async (page) => {
  const links = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(LINK)]
  expect(links.length).toBeGreaterThan(MIN_LINKS)
  const missing: string[] = []
  for (const [, name = '', path = ''] of links) {
    const text = await readFile(join(ROOT, dirname(page), path), 'utf8').catch(() => '')
    const isThere = path.endsWith(`/${name}`) ? text !== '' : text.includes(name)
    if (!isThere) missing.push(`${name} (${path})`)
  }
  expect(missing).toEqual([])
})
