import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import { SetUpClient } from '@parley/api-client/set-up.ts'
import { signIn } from '@parley/api-client/sign-in.ts'
import { expect, test } from 'vitest'
import { createPeer, type Peer } from '#peer.ts'
import { begin } from '../support/daemon-here.ts'
import { startDirectory } from '../support/running-directory.ts'
import { tempDirectory } from '../support/temp-directory.ts'

type Options = Parameters<typeof createPeer>[0]

/** Resolves once the state of the directory, as people are told it, fits. */
async function until(peer: Peer, state: 'online' | 'waiting'): Promise<string | undefined> {
  for (;;) {
    const { directoryState } = peer
    if (directoryState.state === state) return 'lastError' in directoryState ? directoryState.lastError : undefined
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function attempt(options: Options, state: 'online' | 'waiting'): Promise<string | undefined> {
  await using peer = createPeer(options)
  await peer.start()
  return await until(peer, state)
}

test('a directory that is closed by a token says what to do, takes the token, and the profile remembers it', async () => {
  await using home = await tempDirectory()
  await using directory = await startDirectory({ registrationToken: 'open-sesame' })
  const profile = join(home.path, 'alice')
  const alice = { name: 'alice', profile, directory: directory.url }

  expect(await attempt(alice, 'waiting')).toContain('parley start --registration-token-file FILE')
  expect(await attempt({ ...alice, registrationToken: 'wrong' }, 'waiting')).toContain('does not know the registration')
  // What was given for one directory is not told to another.
  const elsewhere = { ...alice, directory: `${directory.url.replace('127.0.0.1', 'localhost')}` }
  await createAndStop({ ...alice, registrationToken: 'open-sesame', directory: 'http://127.0.0.1:1' })
  expect(await attempt(elsewhere, 'waiting')).toContain('takes new names only with its registration token')
  await attempt({ ...alice, registrationToken: 'open-sesame' }, 'online')
  await attempt(alice, 'online')

  const file = join(profile, 'registration-token.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    v: 1,
    directory: `${directory.url}/`,
    token: 'open-sesame',
  })
})

test('who makes a profile on the page of the first start is asked for the token, and registered with it', async () => {
  await using home = await tempDirectory()
  await using directory = await startDirectory({ registrationToken: 'open-sesame' })
  const options = ['--set-up', '--json', '--directory', directory.url]
  const { line, ended } = await begin({ XDG_DATA_HOME: home.path }, ...options)
  const { origin: url, hash } = new URL(JSON.parse(line).url)
  const token = await signIn(url, hash.replace(/^#.*=/, ''))
  const setUp = new SetUpClient({ url, token })
  expect(await setUp.checkName('alice', undefined)).toEqual({ name: 'alice', verdict: 'free', needsToken: true })
  await expect(setUp.create({ name: 'alice', registrationToken: 'with space' })).rejects.toMatchObject({
    code: 'bad-request',
  })
  const login = setUp.create({ name: 'alice', directory: 'http://alice:hunter2@127.0.0.1:5000' })
  await expect(login).rejects.toMatchObject({ code: 'bad-request' })
  await setUp.create({ name: 'alice', registrationToken: 'open-sesame' })

  // Between the page and the daemon nobody answers.
  const api = new ApiClient({ url, token })
  const state = () => api.status().then(({ directory }) => directory.state, String)
  await expect.poll(state, { timeout: 30_000 }).toBe('online')
  await api.stop()
  expect(await ended).toMatchObject({ code: 0 })
})

async function createAndStop(options: Options): Promise<void> {
  await using peer = createPeer(options)
  await peer.start()
}

test('a directory that is closed by a list says so, and goes on by itself once it has the name', async () => {
  await using home = await tempDirectory()
  const list = join(home.path, 'list')
  await writeFile(list, '# nobody yet\n')
  await using directory = await startDirectory({ allowList: list })
  await using peer = createPeer({ name: 'alice', profile: join(home.path, 'alice'), directory: directory.url })
  await peer.start()
  expect(await until(peer, 'waiting')).toContain('ask whoever runs it to add yours')

  await writeFile(list, 'alice\n')
  directory.reload()
  await until(peer, 'online')
})
