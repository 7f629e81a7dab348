import { expect, test } from '@jest/globals'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'

test(
  'people who know each other go on without the directory, even when both start again',
  onStage(async (stage) => {
    const directory = await stage.directory()
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory: directory.url }),
      PeerProgram.start(stage, { name: 'bob', directory: directory.url }),
    ])
    await alice.parley('send', 'bob', 'The directory introduced us.', '--wait', 'delivered')

    await directory.kill()
    const without = await Promise.all([
      alice.parley('send', 'bob', 'It is gone.', '--wait', 'delivered'),
      bob.parley('send', 'alice', 'I did not notice.', '--wait', 'delivered'),
    ])
    expect(without).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])

    await Promise.all([alice.kill(), bob.kill()])
    await Promise.all([alice.startAgain(), bob.startAgain()])
    const again = await Promise.all([
      alice.parley('send', 'bob', 'We found each other again.', '--wait', 'delivered'),
      bob.parley('send', 'alice', 'Without anybody.', '--wait', 'delivered'),
    ])
    expect(again).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
    const [status, found] = await Promise.all([alice.parley('status'), alice.parley('find', 'carol')])
    expect(status.stdout).toMatch(/^ +connected {2}1 peer$/m)
    expect(status.stdout).not.toContain('online since')
    expect(found).toMatchObject({ exitCode: 69 })

    await directory.restart()
    await Promise.all([alice.isOnline(), bob.isOnline()])
    expect(await stage.parley(['verify-ledger', alice.profile, bob.profile])).toMatchObject({ exitCode: 0 })
  }),
)
