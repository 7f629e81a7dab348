import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { actionsIn } from '#actions-in.ts'
import { parleyAt } from './support/command-line.ts'
import { daemonTown } from './support/daemon-town.ts'

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A command that waits: what it ends with, once it has printed that. */
async function begunWith(text: string, environment: Record<string, string>, ...args: string[]) {
  const begun = Promise.withResolvers<void>()
  const ended = parleyAt(undefined, args, {
    actions: actionsIn(environment),
    onOutput: (line) => {
      if (line.includes(text)) begun.resolve()
    },
  })
  await Promise.race([begun.promise, ended])
  return { ended }
}

test('a directory that gives the name of a friend to somebody else gets nothing sent there', async () => {
  await using t = await daemonTown()
  const { directory, here } = t
  await t.startOnline('alice')
  await t.stop('alice')
  // Two memories of one directory, with one key: in the false one Bob never registered, so his name is free.
  const falseDir = join(t.home, 'false')
  await directory.stop()
  await cp(directory.dataDir, falseDir, { recursive: true })
  await directory.restart()
  const [alice, bob] = await Promise.all([t.startOnline('alice'), t.startOnline('bob')])
  await alice.say('bob', 'Is it you?')

  await t.stop('bob')
  await directory.restart(falseDir)
  const asAlice = ['--name', 'alice', '--wait', 'delivered']
  const patient = ['send', 'bob', 'Are you there?', ...asAlice, '--timeout', '10m']
  const waiting = await begunWith('queued', t.environment, ...patient)
  const impostor = await t.startOnline('bob', 'impostor')
  expect(await waiting.ended).toMatchObject({ code: 77 })
  const held = await here('send', 'bob', 'My secret.', ...asAlice)
  expect(held.code).toBe(77)
  expect(held.err).toContain('the key of bob changed. Nothing was sent to the new key, and the message waits here.')
  const [, id = ''] = /(?:queued|on hold) (\S+)/.exec(held.out) ?? []
  const [why, peers] = await Promise.all([alice.client.why(id), alice.client.peers()])
  const next = await alice.client.send('bob', 'And another.')
  expect(why.summary).toContain('nothing was sent to the new key')
  expect((await alice.client.why(next.id)).summary).toContain('nothing was sent to the new key')
  expect(peers).toMatchObject([{ name: 'bob', account: bob.ready.account, isKeyChanged: true, waiting: 2 }])

  // Whoever he is, he may write under his own account; what alice holds for Bob stays hers.
  await impostor.say('alice', 'I am Bob.')
  expect(await alice.said('bob')).not.toContain('in I am Bob.')
  expect(await alice.said(impostor.ready.account)).toContain('in I am Bob.')
  expect(await impostor.said('alice')).toEqual(['out I am Bob.'])

  // With the truth back, what was held goes out to the Bob it was written to.
  await t.stop('impostor')
  await directory.restart()
  const bobAgain = await t.start('bob')
  await until(async () => (await alice.client.message(id)).state === 'delivered')
  await alice.say('bob', 'It is you.')
  const all = ['Are you there?', 'My secret.', 'And another.', 'It is you.']
  expect((await bobAgain.said('alice')).slice(-4)).toEqual(all.map((text) => `in ${text}`))
})

test('another directory at the address of the one that is known is not believed, and friends go on talking', async () => {
  await using t = await daemonTown()
  const { directory } = t
  const [first] = await Promise.all([t.startOnline('alice'), t.startOnline('bob')])
  await first.say('bob', 'Is it you?')

  await directory.restart(join(t.home, 'another'))
  await t.startOnline('carol')
  await Promise.all([t.stop('alice'), t.stop('bob')])
  const [alice] = await Promise.all([t.start('alice'), t.start('bob')])
  const atDirectory = async () => (await alice.client.status()).directory
  await until(async () => JSON.stringify(await atDirectory()).match(/"lastError":".*key/) !== null)
  const found = await t.here('find', 'carol', '--name', 'alice')
  expect(found).toMatchObject({ code: 69, out: '' })
  expect(found.err).toContain('it is another directory, or somebody stands in between')
  await alice.say('bob', 'It is you.')

  await directory.restart()
  await alice.isOnline()
})
