import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPeer, type Peer } from '#peer.ts'
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
