import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { startDirectory } from '@parley/directory-server'
import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { Terminal } from '@parley/shared/terminal/terminal.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runConsole } from '#console.ts'

// The program itself, its signals and its menus on a terminal are tried in `e2e`.

const HOSTILE = '\u001b]0;owned\u0007\u001b[31mred\u202e'

// One directory for all of them; each has names and keys of its own.
const things = new AsyncDisposableStack()
let home = ''
let port = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'))
  things.defer(() => rm(home, { recursive: true, force: true }))
  const { url } = things.use(await startDirectory({ port: 0, dataDir: join(home, 'directory') }))
  port = new URL(url).port
})

afterAll(() => things.disposeAsync())

/** With an answer on each line of its input; here the lines are parted by `|`. */
async function piped(args: readonly string[], ...answers: readonly string[]) {
  const printed = { stdout: '', stderr: '' }
  const into = (stream: keyof typeof printed) => ({
    write: (text: string) => {
      printed[stream] += text
      return true
    },
  })
  const environment = { LANG: 'C.UTF-8' }
  const exitCode = await runConsole(args, {
    terminal: new Terminal({ out: into('stdout'), errors: into('stderr'), environment }),
    answers: Readable.from(answers.map((lines) => `${lines.replaceAll('|', '\n')}\n`)),
    environment,
    stop: new AbortController().signal,
  })
  return { exitCode, ...printed }
}

function withKeys(name: string, atPort = port): string[] {
  return ['--port', atPort, '--keys', join(home, name)]
}

/** What is said between the menus, one text for each action. */
function said({ stdout }: { stdout: string }): string[] {
  return stdout.split(/^\? What next\?.*\n?/m).map((text) => text.trim())
}

async function modesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const modes = entries.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mode & 0o777)
  return [...new Set(await Promise.all(modes))].map((mode) => mode.toString(8)).toSorted()
}

async function names(): Promise<string[]> {
  const page = UsersPage.parse(await (await fetch(`http://127.0.0.1:${port}/v1/users?limit=200`)).json())
  return page.users.map(({ name }) => name)
}

test('tells in words what is refused, keeps no keys that are good for nothing, and comes back to the menu', async () => {
  await piped(withKeys('keys of somebody'), 'register|taken||')
  const ended = await piped(
    withKeys('others'),
    'register|taken|||register|not a name|delete|bogus|find|nobody|raw|quit|list',
  )

  expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
  const [, taken, noName, noUser, bogus, nobody, raw, quit] = said(ended)
  expect(taken).toMatch(/Refused \(409 name-taken\): /)
  expect(noName).toContain('"not a name" cannot be a name')
  expect(noUser).toContain('register a user first')
  expect(bogus).toMatch(/"bogus" is none of the choices: 1 register, 2 list/)
  expect(nobody).toContain('Nobody holds the name nobody.')
  expect(raw).toContain('404 Not Found')
  expect(quit).toBe('')
  expect(await modesBelow(join(home, 'others'))).toEqual(['700'])
})

test('takes a name again that it gave up, with the keys that it kept, and shows a long list page by page', async () => {
  const more = Array.from({ length: 21 }, (_, index) => ['register', `user${index + 10}`, '', '']).flat()
  const ended = await piped(
    withKeys('many keys'),
    'register|anna|||delete|anna||y|register|anna|Anna again|',
    more.join('|'),
    'list|next|list|back',
  )

  expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
  expect(ended.stdout).toContain('The new record of anna is in force.')
  const [all, first] = said(ended).slice(-2)
  expect(all).toMatch(/^NAME(.|\n)*anna +Anna again(.|\n)*\? There are more: next\nNAME(.|\n)*user30 +user30/)
  expect(first).toMatch(/\? There are more: back$/)
  expect(first).not.toContain('user30')
})

test('writes out what a terminal would act on, wherever it comes from', async () => {
  const ended = await piped(
    withKeys('keys of mallory'),
    `register|mallory|${HOSTILE}|${HOSTILE}|list|find|mallory|raw|${HOSTILE}|address|${HOSTILE}`,
  )

  expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
  expect(ended.stdout).toContain(String.raw`\x1b]0;owned\x07\x1b[31mred\u{202e}`)
  expect(ended.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
})

test('says that nobody answers, and asks on', async () => {
  // Where a directory was a moment ago.
  const gone = await startDirectory({ port: 0, dataDir: join(home, 'gone') })
  await gone.stop()
  const ended = await piped(withKeys('no keys', new URL(gone.url).port), 'list', 'register', 'online', 'raw', 'quit')

  expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
  const [head, list, register, online, raw] = said(ended)
  for (const text of [head, list, register, online]) {
    expect(text).toContain(`No answer from ${gone.url}: nobody listens there.`)
  }
  expect(raw).toBe('Nothing was asked yet.')
})

test('uses no keys that others can read', async () => {
  const keys = withKeys('open keys')
  await piped(keys, 'register', 'otto', '', '')
  await chmod(join(home, 'open keys'), 0o755)

  const ended = await piped(keys, 'online', 'otto', 'register', 'rita', '', '')

  expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
  expect(ended.stdout.match(/is open to other users/g)).toHaveLength(2)
  expect(await names()).toContain('otto')
  expect(await names()).not.toContain('rita')
})

test.each([
  [['--port', 'x'], '--port is a number'],
  [['--port', '70000'], '--port is a number'],
  [['--host', 'not a host'], '--host is an address'],
  [['--bogus'], "Unknown option '--bogus'"],
  [['extra'], 'extra'],
])('ends with 64 when it is asked %j', async (args, sentence) => {
  expect(await piped(args)).toMatchObject({
    exitCode: 64,
    stdout: '',
    stderr: expect.stringContaining(sentence),
  })
})

test('explains itself', async () => {
  expect(await piped(['--help'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^usage: pnpm console(.|\n)*--keys DIR(.|\n)*watch +who comes and goes/),
    stderr: '',
  })
})
