import { expect, test } from '@jest/globals'
import { needing } from '#needing.ts'
import { PeerProgram } from '#peer-program.ts'
import { onStage } from '#stage.ts'
import { callsIn, keptPromises, type SystemCall, traced } from '#system-calls.ts'

const MESSAGES = 50

const tracing = needing('strace', 'whether answers wait for the disk')

tracing(
  'nothing is acknowledged, to a peer or to a program, before it was synced to the disk',
  onStage(async (stage) => {
    const trace = stage.path('trace')
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: null })
    const bob = await PeerProgram.start(stage, { name: 'bob', directory: null, under: traced(trace) })
    const { pid } = bob.program
    const [atAlice, atBob] = await Promise.all([alice.api(), bob.api()])
    await atAlice.connect(bob.address)
    const met = await atAlice.send('bob', 'Let us count.')
    await atAlice.waitFor(met.id, 'delivered', { timeoutMs: 20_000 })

    // Each answer to this marks a place in the trace.
    await atBob.status()
    for (let n = 1; n <= MESSAGES; n += 1) {
      const { id } = await atAlice.send('bob', `received ${n}`)
      expect((await atAlice.waitFor(id, 'delivered', { timeoutMs: 20_000 })).state).toBe('delivered')
    }
    await atBob.status()
    for (let n = 1; n <= MESSAGES; n += 1) await atBob.send('alice', `accepted ${n}`)
    await bob.parley('stop')

    const calls = await callsIn(trace, pid)
    const [from, to] = calls.flatMap(({ text }, at) => (text.startsWith('HTTP/1.1 200') ? [at] : []))
    const acks = keptPromises(
      calls.slice(from, to),
      ({ target }) => target.startsWith('TCP:') && target.includes(`:${bob.port}->`),
    )
    expect(acks).toEqual(Array.from({ length: MESSAGES }, () => true))
    const accepted = keptPromises(calls, ({ text }) => text.startsWith('HTTP/1.1 201'))
    expect(accepted).toEqual(Array.from({ length: MESSAGES }, () => true))
  }),
)

test('an answer before the sync, or without one of its own, is noticed', () => {
  const log = '/profile/parley.db-wal'
  const write = { name: 'pwrite64', target: log, text: '' }
  const sync = { name: 'fdatasync', target: log, text: '' }
  const other = { name: 'fdatasync', target: '/profile/parley.db', text: '' }
  const answer = { name: 'write', target: 'TCP:[a->b]', text: '' }
  const kept = (...calls: readonly SystemCall[]) => keptPromises(calls, (call) => call === answer)
  expect(kept(write, sync, answer)).toEqual([true])
  expect(kept(write, answer, sync)).toEqual([false])
  expect(kept(write, sync, write, answer)).toEqual([false])
  expect(kept(write, other, answer)).toEqual([false])
  expect(kept(write, sync, answer, answer)).toEqual([true, false])
})
