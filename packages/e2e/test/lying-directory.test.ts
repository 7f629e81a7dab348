import { afterAll, expect, test } from 'vitest'
import { eventually } from '#eventually.ts'
import { PeerProgram } from '#peer-program.ts'
import { SharedStage } from '#shared-stage.ts'
import { COMMAND } from '#stage.ts'

const shared = new SharedStage(async (stage) => {
  const directory = await stage.directory()
  const alice = await PeerProgram.start(stage, { name: 'alice', directory: directory.url })
  // Two memories of one directory, with one key: in the false one Bob never registered, so his name is free.
  const falseDir = stage.path('false')
  await directory.copyData(falseDir)
  const bob = await PeerProgram.start(stage, { name: 'bob', directory: directory.url })
  await alice.say('bob', 'Is it you?')
  return { directory, falseDir, alice, bob }
})

afterAll(() => shared[Symbol.asyncDispose]())

test(
  'a directory that gives the name of a friend to somebody else gets nothing sent there',
  shared.with(async ({ directory, falseDir, alice, bob }, stage) => {
    await bob.kill()
    await directory.restart(falseDir)
    const patient = ['--wait', 'delivered', '--timeout', '10m', '--profile', alice.profile]
    const waiting = stage.run({
      name: 'a message that waits already',
      command: [...COMMAND.parley, 'send', 'bob', 'Are you there?', ...patient],
    })
    await waiting.line((line) => line.includes('queued') || undefined)
    const impostor = await PeerProgram.start(stage, { name: 'bob', profile: 'impostor', directory: directory.url })
    expect(await waiting.exit()).toMatchObject({ exitCode: 77 })
    const held = await alice.parley('send', 'bob', 'My secret.', '--wait', 'delivered')
    expect(held.exitCode).toBe(77)
    expect(held.stderr).toContain(
      'the key of bob changed. Nothing was sent to the new key, and the message waits here.',
    )
    const [, id = ''] = /(?:queued|on hold) (\S+)/.exec(held.stdout) ?? []
    const atAlice = await alice.api()
    const [why, peers] = await Promise.all([atAlice.why(id), atAlice.peers()])
    const next = await atAlice.send('bob', 'And another.')
    expect(why.summary).toContain('nothing was sent to the new key')
    expect((await atAlice.why(next.id)).summary).toContain('nothing was sent to the new key')
    expect(peers).toMatchObject([{ name: 'bob', account: bob.ready.account, isKeyChanged: true, waiting: 2 }])

    // Whoever he is, he may write under his own account; what alice holds for Bob stays hers.
    await impostor.say('alice', 'I am Bob.')
    expect(await alice.said('bob')).not.toContain('in I am Bob.')
    expect(await alice.said(impostor.ready.account)).toContain('in I am Bob.')
    expect(await impostor.said('alice')).toEqual(['out I am Bob.'])

    // With the truth back, what was held goes out to the Bob it was written to.
    await impostor.kill()
    await directory.restart(directory.dataDir)
    await bob.startAgain()
    await eventually('the held message delivered', async () =>
      (await atAlice.message(id)).state === 'delivered' ? true : undefined,
    )
    await alice.say('bob', 'It is you.')
    const all = ['Are you there?', 'My secret.', 'And another.', 'It is you.']
    expect((await bob.said('alice')).slice(-4)).toEqual(all.map((text) => `in ${text}`))
  }),
)

test(
  'another directory at the address of the one that is known is not believed, and friends go on talking',
  shared.with(async ({ directory, alice, bob }, stage) => {
    await directory.restart(stage.path('another'))
    const console = ['--port', new URL(directory.url).port, '--keys', stage.path('keys')]
    const command = [...COMMAND.console, ...console]
    const made = await stage.run({ name: 'carol', command, input: 'register\ncarol\n\n\n' }).exit()
    expect(made.stdout).toContain('carol is registered.')
    await Promise.all([alice.kill(), bob.kill()])
    await Promise.all([alice.startAgain(), bob.startAgain()])
    await alice.program.logged(/key/)
    const [found] = await Promise.all([alice.parley('find', 'carol'), alice.say('bob', 'It is you.')])
    expect(found).toMatchObject({ exitCode: 69, stdout: '' })
    expect(found.stderr).toContain('it is another directory, or somebody stands in between')

    await directory.restart(directory.dataDir)
    await alice.isOnline()
  }),
)
