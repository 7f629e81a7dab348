import { expect, test } from '@jest/globals'
import { PeerProcess } from '#peer-process.ts'
import { integrityOf } from '#profile-database.ts'
import { SEED, seeded } from '#random.ts'
import { onStage } from '#stage.ts'
import { Tally } from '#tally.ts'

const MESSAGES_EACH_WAY = 3_000
const LANES = 32
const KILLS = 9

test(
  'nothing is lost, doubled or reordered when sender, receiver and directory are killed again and again',
  onStage(async (stage) => {
    const random = seeded(SEED)
    const directory = await stage.directory()
    const progress = new Tally()
    const heard = { alice: [] as string[], bob: [] as string[] }
    const peerOf = (name: 'alice' | 'bob') =>
      new PeerProcess(stage, { name, profile: stage.path(name), directory: directory.url }, (text) => {
        heard[name].push(text)
        progress.add()
      })
    const alice = peerOf('alice')
    const bob = peerOf('bob')
    await Promise.all([alice.start(), bob.start()])
    await alice.send('bob', 'first of alice', 'first')
    await progress.reached(1)
    await bob.send('alice', 'first of bob', 'first')
    await progress.reached(2)

    const burst = async (from: PeerProcess, to: string, author: string) => {
      let next = 0
      const lane = async () => {
        while (next < MESSAGES_EACH_WAY) {
          const text = `${author} ${next++}`
          await from.send(to, text, text)
          progress.add()
        }
      }
      await Promise.all(Array.from({ length: LANES }, lane))
    }
    const storm = async () => {
      const victims = [
        async () => directory.restart(),
        ...[alice, bob].map((peer) => async () => {
          await peer.kill()
          await peer.start()
        }),
      ]
      // Accepted and received count alike, so a kill may come while messages are written, on their way, or confirmed.
      const total = 4 * MESSAGES_EACH_WAY
      const moments = Array.from({ length: KILLS }, () => random.below(total)).sort((a, b) => a - b)
      for (const moment of moments) {
        await progress.reached(moment)
        await random.pick(victims)()
      }
    }
    await Promise.all([burst(alice, 'bob', 'alice'), burst(bob, 'alice', 'bob'), storm()])
    await Promise.all([alice.settle(), bob.settle(), progress.reached(2 + 4 * MESSAGES_EACH_WAY)])
    await Promise.all([alice.stop(), bob.stop()])

    for (const [listener, author] of [
      ['bob', 'alice'],
      ['alice', 'bob'],
    ] as const) {
      const texts = new Set(heard[listener])
      expect(heard[listener].length).toBe(MESSAGES_EACH_WAY + 1)
      expect(texts.size).toBe(MESSAGES_EACH_WAY + 1)
      for (let n = 0; n < MESSAGES_EACH_WAY; n += 1) expect(texts).toContain(`${author} ${n}`)
    }
    expect([integrityOf(alice.profile), integrityOf(bob.profile)]).toEqual(['ok', 'ok'])
    const ledger = await stage.parley(['verify-ledger', alice.profile, bob.profile])
    expect(ledger).toMatchObject({ exitCode: 0, stderr: '' })
    expect(ledger.stdout).toContain(`${2 * (MESSAGES_EACH_WAY + 1)} deliveries proven, 0 pending`)
  }),
)
