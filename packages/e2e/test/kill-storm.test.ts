import { expect, test } from '@jest/globals'
import { PeerProcess } from '#peer-process.ts'
import { integrityOf } from '#profile-database.ts'
import { SEED, seeded } from '#random.ts'
import { onStage } from '#stage.ts'
import { Tally } from '#tally.ts'

const MESSAGES_EACH_WAY = 3_000
const LANES = 32
const KILLS = 10
/** How far the burst may run on while somebody is killed and starts again. */
const LEAD = 500

test(
  'nothing is lost, doubled or reordered when sender, receiver and directory are killed again and again',
  onStage(async (stage) => {
    const random = seeded(SEED)
    const directory = await stage.directory()
    // Accepted and received count alike, so a kill may come while messages are written, on their way, or confirmed.
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

    const again = async (...peers: readonly PeerProcess[]) => {
      await Promise.all(peers.map((peer) => peer.kill()))
      await Promise.all(peers.map((peer) => peer.start()))
    }
    const victims = {
      alice: () => again(alice),
      bob: () => again(bob),
      'alice and bob': () => again(alice, bob),
      'the directory': () => directory.restart(),
    }
    const moments = Array.from({ length: KILLS }, () => random.below(4 * MESSAGES_EACH_WAY - LEAD))
    const kills = moments.sort((a, b) => a - b).map((at) => ({ at, over: Promise.withResolvers<void>() }))
    const storm = async () => {
      for (const { at, over } of kills) {
        await progress.reached(at)
        const [name, strike] = random.pick(Object.entries(victims))
        stage.note(`${name} killed at ${progress.count}, meant for ${at}, seed ${SEED}`)
        await strike()
        over.resolve()
      }
    }
    const burst = async (from: PeerProcess, to: string, author: string) => {
      let next = 0
      const lane = async () => {
        while (next < MESSAGES_EACH_WAY) {
          const text = `${author} ${next++}`
          await from.send(to, text, text)
          progress.add()
          for (const { at, over } of kills) if (progress.count > at + LEAD) await over.promise
        }
      }
      await Promise.all(Array.from({ length: LANES }, lane))
    }
    await Promise.all([burst(alice, 'bob', 'alice'), burst(bob, 'alice', 'bob'), storm()])
    await Promise.all([alice.settle(), bob.settle(), progress.reached(2 + 4 * MESSAGES_EACH_WAY)])
    await Promise.all([alice.stop(), bob.stop()])

    for (const [author, texts] of [['alice', heard.bob] as const, ['bob', heard.alice] as const]) {
      const wanted = Array.from({ length: MESSAGES_EACH_WAY }, (_, n) => `${author} ${n}`)
      expect(texts.toSorted()).toEqual([`first of ${author}`, ...wanted].sort())
    }
    expect([integrityOf(alice.profile), integrityOf(bob.profile)]).toEqual(['ok', 'ok'])
    const ledger = await stage.parley(['verify-ledger', alice.profile, bob.profile])
    expect(ledger).toMatchObject({ exitCode: 0, stderr: '' })
    expect(ledger.stdout).toContain(`${2 * (MESSAGES_EACH_WAY + 1)} deliveries proven, 0 pending`)
  }),
)
