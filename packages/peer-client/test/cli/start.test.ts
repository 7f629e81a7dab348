import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { ApiClient } from '@parley/api-client'
import { API_TOKEN_FILE, ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { actionsIn } from '#actions-in.ts'
import { backUpProfile } from '#back-up.ts'
import { parley, parleyAt, startParley } from '../support/command-line.ts'
import { startDirectory } from '../support/running-directory.ts'
import { tempDirectory } from '../support/temp-directory.ts'

interface ReadyLine {
  readonly event: 'ready'
  readonly name: string
  readonly account: string
  readonly listening: readonly string[]
  readonly api: string
  readonly directory: string | null
  readonly profile: string
}

function start(environment: Record<string, string>, ...args: string[]) {
  const usual = ['start', '--port', '0', '--json', '--log-level', 'error']
  const child = startParley([...usual, ...args], { environment })
  const ready = async (): Promise<ReadyLine> => JSON.parse(await child.line(/"ready"/))
  return Object.assign(child, { ready })
}

/** Of the daemon that said that it is ready. */
async function apiOf({ api, profile }: ReadyLine): Promise<ApiClient> {
  const token = ApiToken.parse((await readFile(join(profile, API_TOKEN_FILE), 'utf8')).trim())
  return new ApiClient({ url: api, token })
}

test('a profile that is made can be started, asked, and stopped', async () => {
  await using home = await tempDirectory()
  const unlocked = { XDG_DATA_HOME: home.path, PARLEY_PASSPHRASE: 'correct horse' }
  const { PARLEY_PASSPHRASE: _, ...environment } = unlocked
  const made = await parley(['init', '--name', 'Alice', '--json'], { environment: unlocked })
  expect(made.code).toBe(0)
  const profile = join(home.path, 'parley', 'alice')
  const { account, ...rest } = JSON.parse(made.out)
  const encrypted = { isEncrypted: true }
  expect(rest).toEqual({ event: 'made', name: 'alice', displayName: 'Alice', profile, directory: null, ...encrypted })
  const file = join(home.path, 'passphrase')
  await writeFile(file, 'wrong horse\n')
  const words = expect.stringMatching(/^parley: this is not the passphrase .*\(wrong-passphrase\)\n$/)
  expect(await parley(['start', '--passphrase-file', file], { environment: unlocked })).toEqual({
    code: 77,
    out: '',
    err: words,
  })
  await writeFile(file, 'correct horse\n')

  await using daemon = start(environment, '--passphrase-file', file)
  const ready = await daemon.ready()
  expect(ready).toMatchObject({ name: 'alice', account, directory: null, profile })
  expect(ready.listening).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
  expect(ready.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  for (const file of await readdir(profile)) expect((await stat(join(profile, file))).mode & 0o077).toBe(0)

  const status = await parley(['status', '--json'], { environment })
  expect(JSON.parse(status.out)).toMatchObject({ name: 'alice', account, pid: daemon.pid, connected: 0 })
  const here = (...args: string[]) => parleyAt(undefined, args, { actions: actionsIn(environment) })
  expect(await parley(['start', '--json'], { environment: unlocked })).toMatchObject({ code: 71 })
  expect(await readdir(profile)).not.toContain('parley.log')
  expect(await here('send', 'bob', 'hi')).toMatchObject({ code: 66 })
  expect(await parley(['stop'], { environment })).toEqual({ code: 0, out: 'Stopped.\n', err: '' })
  expect(await daemon.ended).toMatchObject({ code: 0, err: '' })
  expect(await readdir(profile)).not.toContain('daemon.json')
  expect(await here('status')).toMatchObject({ code: 69 })
  expect(await here('verify-ledger', profile)).toMatchObject({
    code: 77,
    err: expect.stringContaining('PARLEY_PASSPHRASE'),
  })
  expect(await parley(['verify-ledger', profile], { environment: unlocked })).toMatchObject({ code: 0 })

  const backup = join(home.path, 'alice.age')
  expect(await parley(['backup', backup], { environment: unlocked })).toEqual({
    code: 0,
    out: `0 messages and all else are in ${backup}.\n`,
    err: '',
  })
  // The same again, but quick to open: what the passphrase of a backup costs is paid once, above.
  const quick = join(home.path, 'quick.age')
  const passphrase = () => unlocked.PARLEY_PASSPHRASE
  await backUpProfile({ profile, file: quick, current: passphrase, fresh: passphrase, workFactor: 4 })
  const restore = ['restore', quick, '--profile', join(home.path, 'restored')]
  expect(await parley(restore, { environment: { ...unlocked, PARLEY_PASSPHRASE: 'wrong horse' } })).toMatchObject({
    code: 77,
    err: expect.stringContaining('(wrong-passphrase)'),
  })
  expect(await parley(restore, { environment: unlocked })).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^The profile of alice is restored, as a new device\.\n.*Do not start the old device/s),
    err: '',
  })
})

test('starting a name that is new makes its profile first, and says so', async () => {
  await using home = await tempDirectory()
  const args = ['start', '--uname', 'bob', '--port', '0', '--log-level', 'error']
  await using daemon = startParley(args, { environment: { XDG_DATA_HOME: home.path } })
  expect(await daemon.line(/ready/)).toMatch(/^bob is ready on 127\.0\.0\.1:\d+, local API http:\/\/\S+, no directory$/)
  daemon.signal('SIGTERM')
  expect(await daemon.ended).toMatchObject({ code: 0, err: expect.stringContaining('A profile for bob was made in') })
})

test('two peers talk, and their databases prove it', async () => {
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  await using alice = start(environment, '--name', 'alice')
  const [address = ''] = (await alice.ready()).listening
  await using bob = start(environment, '--name', 'bob')
  const { profile } = await bob.ready()

  expect(await parley(['connect', address, '--name', 'bob'], { environment })).toMatchObject({ code: 0 })
  const sent = await parley(['send', '--name', 'bob', 'alice', 'hello', '--wait', 'delivered'], { environment })
  expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/✓ delivered \S+\n$/) })
  const read = await parleyAt(undefined, ['history', 'bob', '--name', 'alice', '--json'], {
    actions: actionsIn(environment),
  })
  expect(JSON.parse(read.out)).toMatchObject({ with: 'bob', direction: 'in', text: 'hello' })
  const others = (await alice.ready()).profile
  expect(await parley(['verify-ledger', profile, others], { environment })).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 delivery proven, 0 pending'),
  })
})

test('presence is hidden at the directory when asked for, stays hidden, and is shown again when asked for', async () => {
  await using directory = await startDirectory()
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  await using bob = start(environment, '--name', 'bob', '--directory', directory.url)
  const atBob = await apiOf(await bob.ready())
  for (const [flag, expected] of [
    ['--hide-presence', { status: 'offline' }],
    [undefined, { status: 'offline' }],
    ['--no-hide-presence', { status: 'online', address: '127.0.0.1' }],
  ] as const) {
    const flags = flag === undefined ? [] : [flag]
    await using alice = start(environment, '--name', 'alice', '--directory', directory.url, ...flags)
    const atAlice = await apiOf(await alice.ready())
    const isOnline = async () => (await atAlice.status()).directory?.state === 'online'
    const found = async () => (await atBob.find('alice').catch(() => [])).at(0)
    while (!(await isOnline()) || (await found()) === undefined) await setTimeout(50)
    expect(await found()).toEqual({
      name: 'alice',
      displayName: 'alice',
      account: expect.stringMatching(/^.{43}$/),
      ...expected,
    })
  }
})

test('what keeps a daemon from starting is said in a sentence', async () => {
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  const profile = join(home.path, 'parley', 'alice')
  const actions = actionsIn(environment)
  const here = (...args: string[]) => parleyAt(undefined, args, { actions })
  const refused = (...args: string[]) => here('start', '--log-level', 'silent', ...args)

  expect(await refused()).toMatchObject({ code: 69, err: expect.stringContaining('parley init') })
  expect(await refused('--profile', profile)).toMatchObject({ code: 64, err: expect.stringContaining('--name') })
  expect(await refused('--name', 'not a name')).toMatchObject({ code: 64, err: expect.stringContaining('(bad-name)') })
  expect(await refused('--name', 'alice', '--directory', 'nowhere')).toMatchObject({
    code: 64,
    err: expect.stringContaining('(bad-url)'),
  })
  expect(await refused('--name', 'alice', '--peer', 'nowhere')).toMatchObject({ code: 64 })
  expect(await here('init', '--name', 'alice', '--json')).toMatchObject({
    code: 65,
    err: expect.stringContaining('"code":"profile-exists"'),
  })
  expect(await here('init', '--name', 'no spaces')).toMatchObject({
    code: 64,
    err: expect.stringContaining('(bad-name)'),
  })
  expect(await here('init', '--name', 'new', '--directory', 'nowhere')).toMatchObject({
    code: 64,
    err: expect.stringContaining('(bad-url)'),
  })
  expect(await readdir(join(home.path, 'parley'))).toEqual(['alice'])
  expect(await refused('--name', 'bob', '--profile', profile)).toMatchObject({
    code: 64,
    err: expect.stringContaining('that of alice'),
  })

  await using taken = await takenPort()
  const port = String(taken.port)
  const inUse = { code: 69, out: '', err: expect.stringContaining('--port') }
  expect(await refused('--port', port)).toMatchObject(inUse)
  const started = ['start', '--port', '0', '--api-port', port, '--log-level', 'silent']
  expect(await parley(started, { environment })).toMatchObject(inUse)

  await chmod(profile, 0o755)
  expect(await refused()).toMatchObject({ code: 73, err: expect.stringContaining('chmod 700') })
})

test('who asks twice to stop does not wait', async () => {
  const script = fileURLToPath(new URL('stuck-daemon.ts', import.meta.url))
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    await using stuck = startParley([], { script })
    await stuck.line(/"ready"/)
    stuck.signal(signal)
    await stuck.line(/stopping/)
    stuck.signal(signal)
    expect(await stuck.ended).toMatchObject({ code })
  }
})

async function takenPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}
