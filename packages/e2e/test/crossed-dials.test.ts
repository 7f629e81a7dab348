import { expect, test } from '@jest/globals'
import { eventually } from '#eventually.ts'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'
import { connectionsTo } from '#tcp-connections.ts'

const ROUNDS = Number(process.env['PARLEY_E2E_ROUNDS'] ?? 40)
const MAX_ROUND_MS = 10_000

test(
  'two who dial each other at the same moment end with one session, again and again',
  onStage(async (stage) => {
    const { url: directory } = await stage.directory()
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory }),
      PeerProgram.start(stage, { name: 'bob', directory }),
    ])
    const [atAlice, atBob] = await Promise.all([alice.api(), bob.api()])
    await atAlice.connect('bob')

    for (let round = 1; round <= ROUNDS; round += 1) {
      await Promise.all([atAlice.disconnect('bob'), atBob.disconnect('alice')])
      await Promise.all([atAlice.connect('bob'), atBob.connect('alice')])
      const [there, back] = await Promise.all([
        atAlice.send('bob', `to bob ${round}`),
        atBob.send('alice', `to alice ${round}`),
      ])
      const messages = await Promise.all([
        atAlice.waitFor(there.id, 'delivered', { timeoutMs: MAX_ROUND_MS }),
        atBob.waitFor(back.id, 'delivered', { timeoutMs: MAX_ROUND_MS }),
      ])
      expect(messages).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }])
    }

    const links = async () => (await connectionsTo(alice.port)) + (await connectionsTo(bob.port))
    await eventually('one link between the two', async () => ((await links()) === 1 ? true : undefined))
    const opened = ({ program }: PeerProgram) => program.stderr.split('"msg":"session open"').length
    const ended = ({ program }: PeerProgram) => program.stderr.split('"msg":"session ended"').length
    expect([opened(alice) - ended(alice), opened(bob) - ended(bob)]).toEqual([1, 1])
    const [[toBob], [toAlice]] = await Promise.all([atAlice.peers(), atBob.peers()])
    expect([toBob?.link.state, toAlice?.link.state]).toEqual(['connected', 'connected'])
    expect(await stage.parley(['verify-ledger', alice.profile, bob.profile])).toMatchObject({ exitCode: 0 })
  }),
)
