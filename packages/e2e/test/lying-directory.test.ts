import { cp } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { PeerInfo } from '@parley/shared/local-api/peers.ts'
import { eventually } from '#eventually.ts'
import { readLines } from '#json-lines.ts'
import { PeerProgram } from '#peer-program.ts'
import { COMMAND, onStage } from '#stage.ts'

test(
  'a directory that gives the name of a friend to somebody else gets nothing sent there',
  onStage(async (stage) => {
    // Two memories of one directory, with one key: in the false one Bob never registered, so his name is free.
    const directory = await stage.directory()
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: directory.url })
    await directory.kill('SIGTERM')
    await cp(directory.dataDir, stage.path('false'), { recursive: true })
    await directory.restart()
    const bob = await PeerProgram.start(stage, { name: 'bob', directory: directory.url })
    expect(await alice.parley('send', 'bob', 'Is it you?', '--wait', 'delivered')).toMatchObject({ exitCode: 0 })

    await bob.kill()
    await directory.restart(stage.path('false'))
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
    const [why, peers] = await Promise.all([alice.parley('why', id), alice.parley('peers', '--json')])
    const next = await alice.parley('send', 'bob', 'And another.', '--wait', 'delivered')
    expect(why.stdout).toContain('nothing was sent to the new key')
    expect(next.exitCode).toBe(77)
    expect(readLines(peers.stdout, PeerInfo)).toMatchObject([
      { name: 'bob', account: bob.ready.account, isKeyChanged: true, waiting: 2 },
    ])

    // Whoever he is, he may write under his own account; what alice holds for Bob stays hers.
    const written = await impostor.parley('send', 'alice', 'I am Bob.', '--wait', 'delivered')
    expect(written).toMatchObject({ exitCode: 0 })
    const [byBob, atImpostor, byAlice] = await Promise.all([
      alice.parley('history', 'bob'),
      impostor.parley('history', 'alice'),
      alice.parley('history', impostor.ready.account),
    ])
    expect(byBob.stdout).not.toContain('I am Bob.')
    expect(byAlice.stdout).toContain('I am Bob.')
    expect(atImpostor.stdout).not.toMatch(/My secret|And another/)

    // With the truth back, what was held goes out to the Bob it was written to.
    await impostor.kill()
    await directory.restart(directory.dataDir)
    await bob.startAgain()
    const atAlice = await alice.api()
    await eventually('the held message delivered', async () =>
      (await atAlice.message(id)).state === 'delivered' ? true : undefined,
    )
    const again = await alice.parley('send', 'bob', 'It is you.', '--wait', 'delivered')
    expect(again).toMatchObject({ exitCode: 0 })
    const { stdout } = await bob.parley('history', 'alice')
    expect(stdout).toMatch(/Is it you\?[\s\S]*Are you there\?[\s\S]*My secret\.[\s\S]*And another\.[\s\S]*It is you\./)
  }),
)

test(
  'another directory at the address of the one that is known is not believed, and friends go on talking',
  onStage(async (stage) => {
    const directory = await stage.directory()
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory: directory.url }),
      PeerProgram.start(stage, { name: 'bob', directory: directory.url }),
    ])
    expect(await alice.parley('send', 'bob', 'Is it you?', '--wait', 'delivered')).toMatchObject({ exitCode: 0 })

    await directory.restart(stage.path('another'))
    await PeerProgram.start(stage, { name: 'carol', directory: directory.url })
    await Promise.all([alice.kill(), bob.kill()])
    await Promise.all([alice.startAgain(), bob.startAgain()])
    await alice.program.logged(/key/)
    const [found, sent] = await Promise.all([
      alice.parley('find', 'carol'),
      alice.parley('send', 'bob', 'It is you.', '--wait', 'delivered'),
    ])
    expect(found).toMatchObject({ exitCode: 69, stdout: '' })
    expect(found.stderr).toContain('it is another directory, or somebody stands in between')
    expect(sent).toMatchObject({ exitCode: 0 })

    await directory.restart(directory.dataDir)
    await alice.isOnline()
  }),
)
