// What the app is built from, in a checkout. Its hash is the name of what was built: another source, another folder.
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of the package. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url))

const SOURCES = [
  'index.html',
  'package.json',
  'server/build.ts',
  'public/**/*',
  'src/**/*',
  '../shared/src/{*.ts,local-api/*.ts}',
  '../api-client/src/*.ts',
  '../../pnpm-lock.yaml',
]

/** Undefined where there are no sources, as in a published package. */
export function hashOfSources(): string | undefined {
  const files = globSync(SOURCES, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  if (!files.includes(join(ROOT, 'index.html'))) return undefined
  const hash = createHash('sha256')
  for (const file of files) hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex').slice(0, 16)
}
