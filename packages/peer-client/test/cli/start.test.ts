import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { backUpProfile } from '#back-up.ts'
import { changePassphrase } from '#change-passphrase.ts'
import { stopSignals } from '#cli/signals.ts'
import { CHEAP } from '../support/cheap-passphrase.ts'
import { parley, startParley } from '../support/command-line.ts'
import { begin, commandsIn, type ReadyLine, startHere, USUAL } from '../support/daemon-here.ts'
import { startDirectory } from '../support/running-directory.ts'
import { tempDirectory } from '../support/temp-directory.ts'

test('a profile that is made can be started, asked, and stopped', async () => {
  await using home = await tempDirectory()
  const unlocked = { XDG_DATA_HOME: home.path, PARLEY_PASSPHRASE: 'correct horse' }
  const { PARLEY_PASSPHRASE: passphrase, ...environment } = unlocked
  const made = await parley(['init', '--name', 'Alice', '--json'], { environment: unlocked })
  expect(made.code).toBe(0)
  const profile = join(home.path, 'parley', 'alice')
  const { account, ...rest } = JSON.parse(made.out)
  const encrypted = { isEncrypted: true }
  expect(rest).toEqual({ event: 'made', name: 'alice', displayName: 'Alice', profile, directory: null, ...encrypted })
  // What the passphrase of a profile costs is paid once, above: from here on it is quick to open.
  const same = () => passphrase
  await changePassphrase({ profile, current: same, next: same, cost: CHEAP })

  const [here, withIt] = [commandsIn(environment), commandsIn(environment, passphrase)]
  const file = join(home.path, 'passphrase')
  await writeFile(file, 'wrong horse\n')
  const words = expect.stringMatching(/^parley: this is not the passphrase .*\(wrong-passphrase\)\n$/)
  expect(await withIt('start', '--passphrase-file', file)).toEqual({ code: 77, out: '', err: words })
  await writeFile(file, 'correct horse\n')

  await using daemon = startParley([...USUAL, '--json', '--passphrase-file', file], { environment })
  const ready: ReadyLine = JSON.parse(await daemon.line(/"ready"/))
  expect(ready).toMatchObject({ name: 'alice', account, directory: null, profile })
  expect(ready.listening).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
  expect(ready.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  for (const file of await readdir(profile)) expect((await stat(join(profile, file))).mode & 0o077).toBe(0)

  const status = await here('status', '--json')
  expect(JSON.parse(status.out)).toMatchObject({ name: 'alice', account, pid: daemon.pid, connected: 0 })
  expect(await withIt('start', '--json')).toMatchObject({ code: 71 })
  expect(await readdir(profile)).not.toContain('parley.log')
  expect(await here('send', 'bob', 'hi')).toMatchObject({ code: 66 })
  expect(await here('stop')).toEqual({ code: 0, out: 'Stopped.\n', err: '' })
  expect(await daemon.ended).toMatchObject({ code: 0, err: '' })
  expect(await readdir(profile)).not.toContain('daemon.json')
  expect(await here('status')).toMatchObject({ code: 69 })
  expect(await here('verify-ledger', profile)).toMatchObject({
    code: 77,
    err: expect.stringContaining('PARLEY_PASSPHRASE'),
  })
  expect(await withIt('verify-ledger', profile)).toMatchObject({ code: 0 })

  const backup = join(home.path, 'alice.age')
  expect(await parley(['backup', backup], { environment: unlocked })).toEqual({
    code: 0,
    out: `0 messages and all else are in ${backup}.\n`,
    err: '',
  })
  // The same again, but quick to open: what the passphrase of a backup costs is paid once, above.
  const quick = join(home.path, 'quick.age')
  await backUpProfile({ profile, file: quick, current: same, fresh: same, workFactor: 4 })
  const restore = ['restore', quick, '--profile', join(home.path, 'restored')]
  expect(await commandsIn(environment, 'wrong horse')(...restore)).toMatchObject({
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
  const environment = { XDG_DATA_HOME: home.path }
  const { line, ended } = await begin(environment, '--uname', 'bob')
  expect(line).toMatch(/^bob is ready on 127\.0\.0\.1:\d+, local API http:\/\/\S+, no directory\n$/)
  expect(await commandsIn(environment)('stop')).toMatchObject({ code: 0 })
  expect(await ended).toMatchObject({ code: 0, err: expect.stringContaining('A profile for bob was made in') })
})

test('whoever has one profile never names it', async () => {
  await using directory = await startDirectory()
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  const here = commandsIn(environment)
  const profile = join(home.path, 'parley', 'carol')
  const made = await here('init', '--name', 'Carol', '--directory', directory.url)
  expect(made).toMatchObject({ code: 0, err: expect.stringMatching(/^It has no passphrase: [^\n]*\n$/) })
  expect(made.out).toContain(profile)

  const { line, ended } = await begin(environment, '--json')
  expect(JSON.parse(line)).toMatchObject({ name: 'carol', profile, directory: directory.url })
  const find = () => here('find', 'carol')
  while ((await find()).code !== 0) await setTimeout(20)
  while (!/^carol +Carol +online/m.test((await find()).out)) await setTimeout(20)
  expect(await here('stop')).toMatchObject({ code: 0, out: 'Stopped.\n' })
  expect(await ended).toMatchObject({ code: 0 })
})

test('two peers talk, and their databases prove it', async () => {
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  const here = commandsIn(environment)
  await using alice = await startHere(environment, '--name', 'alice')
  const { listening, profile } = alice.ready
  await using bob = await startHere(environment, '--name', 'bob')

  expect(await here('connect', listening[0] ?? '', '--name', 'bob')).toMatchObject({ code: 0 })
  const sent = await here('send', '--name', 'bob', 'alice', 'hello', '--wait', 'delivered')
  expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/✓ delivered \S+\n$/) })
  const read = await here('history', 'bob', '--name', 'alice', '--json')
  expect(JSON.parse(read.out)).toMatchObject({ with: 'bob', direction: 'in', text: 'hello' })
  expect(await here('verify-ledger', bob.ready.profile, profile)).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 delivery proven, 0 pending'),
  })
})

test('presence is hidden at the directory when asked for, stays hidden, and is shown again when asked for', async () => {
  await using directory = await startDirectory()
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  await using bob = await startHere(environment, '--name', 'bob', '--directory', directory.url)
  for (const [flag, expected] of [
    ['--hide-presence', { status: 'offline' }],
    [undefined, { status: 'offline' }],
    ['--no-hide-presence', { status: 'online', address: '127.0.0.1' }],
  ] as const) {
    const flags = flag === undefined ? [] : [flag]
    await using alice = await startHere(environment, '--name', 'alice', '--directory', directory.url, ...flags)
    const isOnline = async () => (await alice.client.status()).directory?.state === 'online'
    const found = async () => (await bob.client.find('alice').catch(() => [])).at(0)
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
  const here = commandsIn(environment)
  const refused = (...args: string[]) => here('start', '--log-level', 'silent', ...args)

  expect(await refused()).toMatchObject({ code: 69, err: expect.stringContaining('parley init') })
  expect(await refused('--profile', profile)).toMatchObject({ code: 64, err: expect.stringContaining('--name') })
  expect(await refused('--name', 'not a name')).toMatchObject({ code: 64, err: expect.stringContaining('(bad-name)') })
  expect(await refused('--name', 'alice', '--directory', 'nowhere')).toMatchObject({
    code: 64,
    err: expect.stringContaining('(bad-url)'),
  })
  const withPassword = 'https://alice:hunter2@directory.example'
  for (const ended of [
    await refused('--name', 'alice', '--directory', withPassword),
    await here('init', '--name', 'new', '--directory', withPassword),
  ]) {
    expect(ended).toMatchObject({
      code: 64,
      out: '',
      err: expect.stringMatching(/not accepted.*Leave out.*\(bad-url\)/),
    })
    expect(ended.err).not.toContain('hunter2')
  }
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
  expect(await refused('--port', '0', '--api-port', port)).toMatchObject(inUse)

  await chmod(profile, 0o755)
  expect(await refused()).toMatchObject({ code: 73, err: expect.stringContaining('chmod 700') })
})

test('who asks twice to stop does not wait', async () => {
  const script = fileURLToPath(new URL('stuck-daemon.ts', import.meta.url))
  await using stuck = startParley([], { script })
  await stuck.line(/"ready"/)
  stuck.signal('SIGINT')
  await stuck.line(/stopping/)
  stuck.signal('SIGTERM')
  expect(await stuck.ended).toMatchObject({ code: 143 })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s asks to stop, and the second one ends the process with %i', (name, code) => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('the process is over')
  })
  try {
    const before = process.listenerCount(name)
    {
      using stopping = stopSignals()
      process.emit(name, name)
      expect(stopping.signal.aborted).toBe(true)
      expect(exit).not.toHaveBeenCalled()
      expect(() => process.emit(name, name)).toThrow('the process is over')
      expect(exit).toHaveBeenCalledWith(code)
    }
    expect(process.listenerCount(name)).toBe(before)
  } finally {
    exit.mockRestore()
  }
})

async function takenPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}
