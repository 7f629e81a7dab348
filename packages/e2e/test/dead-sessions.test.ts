import { expect, test } from '@jest/globals'
import { startHalfDeafProxy } from '#half-deaf-proxy.ts'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'

/** Far below the time after which a silent session counts as dead. */
const AT_ONCE_MS = 20_000

test(
  'a peer that died and came back is believed at once, though its old session still looks alive',
  onStage(async (stage) => {
    const bob = await PeerProgram.start(stage, { name: 'bob', directory: null })
    await using proxy = await startHalfDeafProxy(bob.port)
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null, flags: ['--peer', proxy.address] })
    await alice.program.logged('session open')
    const [atAlice] = await Promise.all([alice.api(), bob.parley('send', 'alice', 'Before.', '--wait', 'delivered')])
    const [before] = await atAlice.peers()

    await bob.kill()
    const lost = await atAlice.send('bob', 'Into the void.')
    expect((await atAlice.waitFor(lost.id, 'sent', { timeoutMs: AT_ONCE_MS })).state).toBe('sent')
    expect(await atAlice.peers()).toMatchObject([{ link: { state: 'connected' } }])

    await bob.startAgain(['--peer', alice.address])
    const arrived = await atAlice.waitFor(lost.id, 'delivered', { timeoutMs: AT_ONCE_MS })
    expect(arrived.state).toBe('delivered')
    const [after] = await atAlice.peers()
    expect(after).toMatchObject({ device: before?.device, link: { state: 'connected' } })
    expect(after?.link).not.toEqual(before?.link)

    const back = await bob.parley('send', 'alice', 'I am back.', '--wait', 'delivered')
    expect(back).toMatchObject({ exitCode: 0 })
    const { messages } = await atAlice.history('bob')
    expect(messages.map(({ text }) => text)).toEqual(['I am back.', 'Into the void.', 'Before.'])
    expect(await stage.parley(['verify-ledger', alice.profile, bob.profile])).toMatchObject({ exitCode: 0 })
  }),
)

test(
  'a peer that is frozen delays nobody else, and gets what waited once it goes on',
  onStage(async (stage) => {
    const { url: directory } = await stage.directory()
    const [alice, bob, carol] = await Promise.all(
      ['alice', 'bob', 'carol'].map((name) => PeerProgram.start(stage, { name, directory })),
    )
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('not all are there')
    await Promise.all(['bob', 'carol'].map((name) => alice.parley('send', name, 'Hello.', '--wait', 'delivered')))

    bob.program.signal('SIGSTOP')
    const atAlice = await alice.api()
    const stuck = await atAlice.send('bob', 'Are you asleep?')
    expect(await alice.parley('send', 'carol', 'Bob is asleep.', '--wait', 'delivered')).toMatchObject({ exitCode: 0 })
    expect((await atAlice.message(stuck.id)).state).not.toBe('delivered')

    bob.program.signal('SIGCONT')
    expect((await atAlice.waitFor(stuck.id, 'delivered', { timeoutMs: AT_ONCE_MS })).state).toBe('delivered')
  }),
)
