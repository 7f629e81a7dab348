import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { actionsIn } from '#actions-in.ts'
import { announce, parley, parleyAt } from '../support/command-line.ts'
import { runApi } from '../support/running-api.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const CLIENTS = [
  ['status'],
  ['stop'],
  ['send', 'bob', 'hi'],
  ['history', 'bob'],
  ['why', 'x'],
  ['cancel', 'x'],
  ['find', 'bob'],
  ['peers'],
  ['connect', 'bob'],
  ['disconnect', 'bob'],
]

test.each(CLIENTS)('%s without a daemon ends with 69 and says how to start it', async (...args) => {
  await using directory = await tempDirectory()
  const actions = { locateProfile: () => Promise.resolve(directory.path) }
  const look = { actions }
  expect(await parleyAt(undefined, [...args, '--name', 'alice'], look)).toMatchObject({
    code: 69,
    out: '',
    err: expect.stringContaining('parley start --name alice'),
  })
})

test('a file that a killed daemon left behind is not followed', async () => {
  await using w = await runApi()
  // No process has this id: the largest that Linux gives out is 4,194,304.
  await announce(w, 2 ** 30)
  expect(await parleyAt(w, ['status'])).toMatchObject({ code: 69, err: expect.stringContaining('(not-running)') })
  await writeFile(join(w.profile, 'daemon.json'), '{"url":"http://10.0.0.1:8100","pid":1,"startedAt":1}')
  expect(await parleyAt(w, ['status'])).toMatchObject({ code: 69, err: expect.stringContaining('(not-running)') })
  await writeFile(join(w.profile, 'daemon.json'), 'garbage')
  expect(await parleyAt(w, ['status'])).toMatchObject({ code: 69, err: expect.stringContaining('(not-running)') })
})

test('a daemon that does not answer, or does not know the token, is not a crash', async () => {
  await using w = await runApi()
  await announce(w)
  await writeFile(join(w.profile, 'api-token'), `${'A'.repeat(43)}\n`)
  expect(await parleyAt(w, ['status'])).toMatchObject({ code: 69, err: expect.stringContaining('(unauthorised)') })
  await w.api.stop()
  expect(await parleyAt(w, ['status'])).toMatchObject({ code: 69, err: expect.stringContaining('(no-connection)') })
})

test('stop waits until the daemon has left', async () => {
  await using w = await runApi()
  await announce(w)
  const { removeDaemonFile } = await import('#api/daemon-file.ts')
  const stopping = parleyAt(w, ['stop'], {})
  await w.daemon.calls.until(({ what }) => what === 'stop')
  await w.api.stop()
  await removeDaemonFile(w.profile, { url: w.api.url, pid: process.pid, startedAt: 1 })
  expect(await stopping).toEqual({ code: 0, out: 'Stopped.\n', err: '' })
})

test('the profile is the one that was named, else the only one that there is', async () => {
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  const look = (args: string[] = [], more = {}) =>
    parleyAt(undefined, ['status', ...args], { actions: actionsIn({ ...environment, ...more }) })
  expect(await look()).toMatchObject({ code: 69, err: expect.stringContaining('(no-profile)') })

  const make = async (name: string) => {
    await mkdir(join(home.path, 'parley', name), { recursive: true })
    await writeFile(join(home.path, 'parley', name, 'identity.json'), '{}')
  }
  await make('alice')
  await mkdir(join(home.path, 'parley', 'directory'))
  expect(await look()).toMatchObject({ code: 69, err: expect.stringContaining(join(home.path, 'parley', 'alice')) })
  await make('bob')
  expect(await parley(['status'], { environment })).toMatchObject({
    code: 64,
    err: expect.stringContaining('alice, bob'),
  })
  expect(await look(['--name', 'Bob'])).toMatchObject({ code: 69, err: expect.stringContaining(join('parley', 'bob')) })
  expect(await look(['--name', '../bob'])).toMatchObject({ code: 64, err: expect.stringContaining('(bad-name)') })
  const named = await look([], { PARLEY_PROFILE: '/somewhere/else' })
  expect(named).toMatchObject({ code: 69, err: expect.stringContaining('/somewhere/else') })
  const typed = await look(['--name', 'bob'], { PARLEY_PROFILE: '/else' })
  expect(typed).toMatchObject({ code: 69, err: expect.stringContaining(join('parley', 'bob')) })
})
