import { createServer } from 'node:net'
import { join } from 'node:path'
import { createPeer } from '@parley/peer-client'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { commandsIn, startHere } from './support/daemon-here.ts'
import { daemonTown } from './support/daemon-town.ts'
import { tempDirectory } from './support/temp-directory.ts'

test('a message for somebody who is away says why it waits, can be taken back, and arrives once when they are back', async () => {
  await using t = await daemonTown()
  const [alice] = await Promise.all([t.startOnline('alice'), t.startOnline('bob')])
  const { client: api } = alice
  await alice.say('bob', 'Are you there?')
  const [before] = (await api.history('bob')).messages
  await expect(api.cancel(before?.id ?? '')).rejects.toMatchObject({ code: 'already-sent' })
  await t.stop('bob')

  const sends = ['send', '--name', 'alice', '--wait', 'delivered', '--timeout', '1s', 'bob']
  const waited = t.here(...sends, 'For when you are back.')
  const unwanted = await api.send('bob', 'never mind')
  const [ended] = await Promise.all([
    api.waitFor(unwanted.id, 'delivered', { timeoutMs: 30_000 }),
    api.cancel(unwanted.id),
  ])
  expect(ended).toMatchObject({ state: 'cancelled' })
  const { code, out, err } = await waited
  expect(code).toBe(75)
  expect(err).toContain('still queued after 1 s. The message is safe here and goes out when bob is back')
  const [, id = ''] = /queued (\S+)/.exec(out) ?? []
  expect(await api.why(id)).toMatchObject({
    message: { id, state: 'queued' },
    summary: 'The message waits here for bob. It is safe on this device.',
  })
  expect(await api.peers()).toMatchObject([{ name: 'bob', waiting: 1 }])

  const bob = await t.start('bob')
  expect((await api.waitFor(id, 'delivered', { timeoutMs: 30_000 })).state).toBe('delivered')
  await alice.say('bob', 'And on.')
  expect(await bob.said('alice')).toEqual(['in Are you there?', 'in For when you are back.', 'in And on.'])
  expect((await t.here('why', id, '--name', 'alice')).out).toContain('A device of bob stored this message')
})

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A peer that keeps a session to this address, and what it logs. */
function dialler(profile: string, address: string) {
  let logged = ''
  const write = (line: string) => {
    logged += line
  }
  const peer = createPeer({ name: 'alice', profile, directory: null, peers: [address], log: pino({}, { write }) })
  return {
    peer,
    hasLogged: (text: string) => logged.includes(text),
    async logs(text: string) {
      while (!logged.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    [Symbol.asyncDispose]: () => peer.stop(),
  }
}

test('two talk by address alone, whoever dials was there first, and the name says who is meant', async () => {
  await using home = await tempDirectory()
  const environment = { XDG_DATA_HOME: home.path }
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const profile = join(home.path, 'parley', 'alice')
  const say = async ({ peer }: ReturnType<typeof dialler>, text: string) => {
    const { id } = await peer.send('bob', text)
    expect(await peer.waitFor(id, 'delivered')).toMatchObject({ state: 'delivered' })
  }

  const first = dialler(profile, address)
  await first.peer.start()
  for (const attempt of [1, 2, 3, 4, 5]) await first.logs(`${address}: attempt ${attempt} of 5 …`)
  await using bob = await startHere(environment, '--name', 'bob', '--no-directory', '--port', String(port))
  const { device } = await bob.client.status()
  await first.logs(`${address}: connected to ${device}`)
  await Promise.all([say(first, 'We need no directory.'), bob.say('alice', 'Indeed.')])
  await expect(bob.client.find('alice')).rejects.toMatchObject({ code: 'no-directory' })
  const named = await commandsIn(environment)('peers', '--name', 'bob')
  expect(named.out).toContain('alice (says so itself)')

  // Who is there already is reached at the first try.
  await first.peer.stop()
  await using again = dialler(profile, address)
  await again.peer.start()
  await again.logs(`${address}: connected to ${device}`)
  expect(again.hasLogged('attempt 2 of 5')).toBe(false)
  await say(again, 'Hello.')
})
