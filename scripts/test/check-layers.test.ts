import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { checkLayers } from '../check-layers.ts'

function tree(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'parley-layers-'))
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), source)
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

function violationsOf(path: string, source: string): string[] {
  using planted = tree({ [path]: source })
  return checkLayers(planted.root).violations
}

function run(root: string): Promise<{ code: number; output: string }> {
  const script = join(import.meta.dirname, '../check-layers.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', script, root], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr })
    })
  })
}

const cleanTree = {
  'packages/shared/src/limits.ts': `import { z } from 'zod'\nexport const MAX = z.number()`,
  'packages/shared/src/wire/frames.ts': `import { MAX } from '#limits.ts'\nexport const frame = MAX`,
  'packages/peer-client/src/store/tables.ts': `import type { Row } from './row.ts'\nexport type T = Row`,
  'packages/peer-client/src/store/rows/row.ts': `import { table } from '../tables.ts'\nexport const row = table`,
  'packages/peer-client/src/session/session.ts': `
    import { randomBytes } from 'node:crypto'
    import { MAX } from '@parley/shared/limits.ts'
    import type { Link } from '#transport/transport.ts'
    export const open = async (link: Link) => [await import('#identity/keys.ts'), MAX, randomBytes, link]`,
  'packages/peer-client/src/cli/send.ts': `import { connect } from '@parley/api-client'\nexport const send = connect`,
  'packages/peer-client/src/peer.ts': `import { open } from '#session/session.ts'\nexport const peer = open`,
  'packages/peer-client/src/main.ts': `import { peer } from './peer.ts'\nimport '#cli/send.ts'\npeer()`,
  'packages/directory-server/src/http/users.ts': `import '#records/records.ts'\nimport '#presence/presence.ts'`,
  'packages/e2e/src/lab.ts': `import '@parley/peer-client'\nimport '@parley/directory-server'`,
}

test('a tree that keeps to the layers passes', async () => {
  using planted = tree(cleanTree)
  expect(checkLayers(planted.root)).toEqual({ files: Object.keys(cleanTree).length, violations: [] })
  expect(await run(planted.root)).toEqual({ code: 0, output: expect.stringContaining('10 files') })
})

test('one planted violation in a clean tree fails the command and is shown with its line', async () => {
  using planted = tree({
    ...cleanTree,
    'packages/peer-client/src/transport/tcp.ts': `// a pipe\nimport '#session/session.ts'`,
  })
  const { code, output } = await run(planted.root)
  expect(code).toBe(1)
  expect(output).toContain('packages/peer-client/src/transport/tcp.ts:2: #session/session.ts: transport/ may import')
})

test('a tree without sources fails instead of passing', async () => {
  using empty = tree({ 'README.md': '' })
  expect(await run(empty.root)).toEqual({ code: 1, output: expect.stringContaining('no source files') })
})

const upward = `'#conversation/conversation.ts'`
test.each([
  ['an import', `import { a } from ${upward}`],
  ['an import for its effects', `import ${upward}`],
  ['an import of a type', `import type { A } from ${upward}`],
  ['a re-export', `export { a } from ${upward}`],
  ['a re-export of everything', `export * from ${upward}`],
  ['a dynamic import', `const a = await import(${upward})`],
  ['a type by import()', `let a: import(${upward}).A`],
  ['typeof import()', `let a: typeof import(${upward})`],
  ['an import behind a comment', `import /* 'x' */ { a } from // why\n ${upward}`],
])('%s of a higher folder is caught', (_, source) => {
  expect(violationsOf('packages/peer-client/src/store/a.ts', source)).toEqual([
    expect.stringContaining('store/ may import no other folder, not conversation'),
  ])
})

test.each([
  ['packages/peer-client/src/encryption/a.ts', '#transport/tcp.ts'],
  ['packages/peer-client/src/delivery/a.ts', '#connection/dial.ts'],
  ['packages/peer-client/src/ledger/a.ts', '#delivery/outbox.ts'],
  ['packages/peer-client/src/cli/a.ts', '#api/routes.ts'],
  ['packages/peer-client/src/session/a.ts', '#session/../store/tables.ts'],
  ['packages/directory-server/src/store/a.ts', '#records/records.ts'],
  ['packages/directory-server/src/records/a.ts', '#http/errors.ts'],
])('%s may not import %s', (path, specifier) => {
  expect(violationsOf(path, `import '${specifier}'`)).toHaveLength(1)
})

test.each([
  ['shared', 'signed', '@parley/peer-client'],
  ['api-client', 'http', '@parley/peer-client'],
  ['directory-server', 'http', '@parley/peer-client'],
  ['peer-client', 'api', '@parley/directory-server'],
  ['peer-client', 'api', '@parley/api-client'],
  ['peer-client', 'api', '@parley/peer-client'],
])('%s may not import in its folder %s the package %s', (name, folder, specifier) => {
  expect(violationsOf(`packages/${name}/src/${folder}/a.ts`, `import '${specifier}'`)).toEqual([
    expect.stringContaining('may not import the package'),
  ])
})

test('a folder may not import the composition root above it', () => {
  expect(violationsOf('packages/peer-client/src/api/a.ts', `import '#peer.ts'`)).toEqual([
    expect.stringContaining('a file at the root of src'),
  ])
})

test.each([
  ['../transport/tcp.ts', 'crosses a folder; write #transport/tcp.ts'],
  ['../peer.ts', 'crosses a folder'],
  ['../../../shared/src/limits.ts', 'leaves src'],
  ['../../../../session/a.ts', 'leaves src'],
])('the relative import %s out of a folder is caught', (specifier, reason) => {
  expect(violationsOf('packages/peer-client/src/session/a.ts', `import '${specifier}'`)).toEqual([
    expect.stringContaining(reason),
  ])
})

test('a relative import from the root of src into a folder is caught', () => {
  expect(violationsOf('packages/peer-client/src/peer.ts', `import './store/tables.ts'`)).toHaveLength(1)
})

test.each([
  ['an unknown folder', 'packages/peer-client/src/helpers/a.ts', 'the folder helpers is not in the table'],
  ['an unknown file at the root', 'packages/peer-client/src/helpers.ts', 'put it into a folder'],
  ['an unknown package', 'packages/tools/src/a.ts', 'the package tools is not in the table'],
  ['a folder called like a property of Object', 'packages/peer-client/src/constructor/a.ts', 'not in the table'],
])('%s is caught', (_, path, reason) => {
  expect(violationsOf(path, 'export {}')).toEqual([expect.stringContaining(reason)])
})

test('what cannot be judged is not let through', () => {
  const path = 'packages/peer-client/src/store/a.ts'
  expect(violationsOf(path, 'await import(name)')).toEqual([expect.stringContaining('computed')])
  expect(violationsOf(path, `import '/etc/passwd.js'`)).toEqual([expect.stringContaining('absolute')])
  expect(violationsOf(path, 'import { from')).toEqual([expect.stringContaining('cannot be parsed')])
})
