import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { announce, parley, parleyAt } from '../support/command-line.ts'
import { runApi } from '../support/running-api.ts'

const COMMANDS = [
  'overview',
  'init',
  'start',
  'open',
  'status',
  'stop',
  'passphrase',
  'settings',
  'backup',
  'restore',
  'chat',
  'send',
  'recv',
  'history',
  'read',
  'why',
  'cancel',
  'export',
  'edit',
  'delete',
  'find',
  'peers',
  'connect',
  'disconnect',
  'profile',
  'rotate-key',
  'verify',
  'accept-key',
  'verify-ledger',
  'completion',
]

test.each(COMMANDS)('%s --help explains itself with examples', async (command) => {
  const { code, out, err } = await parleyAt(undefined, [command, '--help'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(new RegExp(`^Usage: parley ${command} `))
  expect(out).toContain(`Examples:\n  `)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  expect(await parleyAt(undefined, ['help', command])).toEqual({ code, out, err })
})

test('the help of the program names every command', async () => {
  const { code, out } = await parleyAt(undefined, ['--help'])
  expect(code).toBe(0)
  for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
  expect(out).toContain('Examples:\n  parley ')
})

test.each([
  [['nothing']],
  [['--bogus']],
  [['completion']],
  [['completion', 'csh']],
  [['send']],
  [['send', 'bob', '--unknown']],
  [['send', 'bob', 'hi', '--wait', 'read']],
  [['send', 'bob', 'hi', '--timeout', 'soon']],
  [['history']],
  [['history', 'bob', 'carol']],
  [['history', 'bob', '--limit', '0']],
  [['history', 'bob', '--limit', '1e3']],
  [['find']],
  [['status', 'x']],
  [['why']],
  [['cancel']],
  [['edit']],
  [['export', 'bob']],
  [['export', '--since', 'yesterday']],
  [['delete']],
  [['recv', 'bob']],
  [['recv', '--again']],
  [['recv', '--cursor', '../x']],
  [['recv', '--limit', '0']],
  [['connect']],
  [['disconnect']],
  [['init']],
  [['start', '--port', '65536']],
  [['start', '--port', 'x']],
  [['start', '--max-peers', '0']],
  [['start', '--log-level', 'loud']],
  [['verify']],
  [['accept-key']],
  [['accept-key', 'bob', '--yes', '--refuse', 'x']],
  [['backup']],
  [['restore']],
  [['passphrase', '--remove', '--new-passphrase-file', 'file']],
  [['verify-ledger']],
])('%j is answered with 64, a sentence with a code, and nothing on stdout', async (args) => {
  const { code, out, err } = await parleyAt(undefined, args)
  expect({ code, out }).toEqual({ code: 64, out: '' })
  expect(err).toMatch(/^parley: .+ \([a-z-]+\)\n$/)
  const asJson = await parleyAt(undefined, [...args, '--json'])
  expect(asJson).toMatchObject({ code: 64, out: '' })
  expect(JSON.parse(asJson.err)).toEqual({
    event: 'failed',
    code: expect.stringMatching(/^[a-z-]+$/),
    message: expect.any(String),
    exitCode: 64,
  })
})

test('a mistyped command is answered with the right one', async () => {
  expect((await parleyAt(undefined, ['histroy', 'bob'])).err).toBe(
    "parley: unknown command 'histroy'. Did you mean history? parley help lists the commands (usage)\n",
  )
  expect((await parleyAt(undefined, ['send'])).err).toBe(
    "parley: missing required argument 'name'; parley help send tells how it is used (usage)\n",
  )
})

test('the version is that of the package', async () => {
  expect(await parley(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  expect(await parley(['send'])).toMatchObject({ code: 64, out: '' })
})

test('start prints its limits as they would be in force, and starts nothing', async () => {
  const { code, out } = await parleyAt(undefined, ['start', '--max-peers', '7', '--print-limits', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    MAX_INBOUND_LINKS: { value: 7, unit: 'count' },
    MAX_FRAME_BYTES: { value: 256 * 1024, unit: 'bytes' },
    HELLO_TIMEOUT_MS: { value: 3_000, unit: 'ms' },
  })
  const lines = (await parleyAt(undefined, ['start', '--print-limits'])).out.trimEnd().split('\n')
  expect(lines).toHaveLength(Object.keys(JSON.parse(out)).length)
  for (const line of lines) expect(line).toMatch(/^[A-Z0-9_]+ +\d+ {2}(bytes|characters|ms|levels|count) +\S/)
})

test('bash completes commands, flags, their values, and the names that the peer knows', async () => {
  await using w = await runApi()
  await announce(w)
  for (const name of ['bob', 'bobby', '$(exit)', '-rf']) w.daemon.know(name)
  const { out: names } = await parleyAt(w, ['completion', 'contacts'])
  const { out: script } = await parleyAt(undefined, ['completion', 'bash'])
  // What the script asks the program for, it gets without one; what was asked stands in front.
  const stub = `parley() { printf 'asked:%s\\n' "$*"; cat <<'NAMES'\n${names}NAMES\n}`
  const lines = [
    ['parley', 'hist'],
    ['parley', 'history', 'bo'],
    ['parley', 'history', 'bob', ''],
    ['parley', 'send', '--wait', ''],
    ['parley', 'send', '--wait', 'sent', '--name', 'alice', 'bobb'],
    ['parley', 'send', '--dead'],
    ['parley', '--j'],
    ['parley', 'recv', '--from', 'asked'],
    ['parley', 'recv', '--profile', '/x', '--from', 'asked'],
    ['parley', 'completion', ''],
    ['parley', 'help', 'dis'],
  ]
  const asking = lines.map(
    (words) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}; _parley; echo "\${COMPREPLY[*]}"`,
  )
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', [stub, script, ...asking].join('\n')], {
    encoding: 'utf8',
  })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout.trimEnd().split('\n')).toEqual([
    'history',
    'bob bobby',
    '',
    'sent delivered',
    'bobby',
    '--deadline',
    '--json',
    'asked:completion',
    'asked:completion',
    'bash zsh fish',
    'disconnect',
  ])
})

test('the scripts for zsh and fish name every command, and the peer that does not run says nothing', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { code, out } = await parleyAt(undefined, ['completion', shell])
    expect(code).toBe(0)
    for (const command of COMMANDS) expect(out).toContain(` ${command} `)
  }
  const locateProfile = () => Promise.resolve('/nonexistent')
  const asked = await parleyAt(undefined, ['completion', 'contacts'], { actions: { locateProfile } })
  expect(asked).toEqual({ code: 0, out: '', err: '' })
})
