import { PeerProgram } from '#peer-program.ts'
import { callsIn, keptPromises, traced } from '#system-calls.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PATIENCE_MS = 20_000

interface Plan {
  /** Bytes behind each text, as those that are written later may take another way through the database. */
  readonly paddings: readonly number[]
}

const MAX_PADDING = 2_000

export const syncedAnswers = scenario<Plan>({
  name: 'synced-answers',
  summary:
    'no answer, to a peer or to a program, before the disk was told to sync: by a trace of all system calls (strace)',
  needs: ['strace'],
  size: { messages: 60, strikes: 0 },
  plan: (random, { messages }) => ({
    paddings: Array.from({ length: Math.ceil(messages / 2) }, () => random.below(MAX_PADDING)),
  }),
  play: async (lab, { paddings }) => {
    const trace = lab.stage.path('trace')
    const alice = lab.peer('alice', { mayLiveHere: true })
    await alice.start()
    const bob = await lab.program({ name: 'bob', directory: null, under: traced(trace) })
    must(bob instanceof PeerProgram, 'bob did not start')
    const { pid } = bob.program
    const atBob = await bob.api()
    await alice.connect(bob.address)
    await alice.send('bob', 'Let us count.')
    await lab.atRest()

    // Each answer to this marks a place in the trace; before the first the daemon shows that it knows the token.
    await atBob.status()
    for (const [n, padding] of paddings.entries()) {
      await alice.send('bob', '.'.repeat(1 + padding), String(n))
      await lab.atRest()
    }
    await atBob.status()
    const lane = lab.books.newLane()
    for (const [n, padding] of paddings.entries()) {
      const text = `bob>alice ${lane}/${n} ${'.'.repeat(padding)}`
      const { id } = await atBob.send('alice', text)
      lab.books.accept(text)
      if (n === paddings.length - 1) await atBob.waitFor(id, 'delivered', { timeoutMs: PATIENCE_MS })
    }
    await bob.stop()

    const calls = await callsIn(trace, pid)
    const [, from, to] = calls.flatMap(({ text }, at) => (text.startsWith('HTTP/1.1 200') ? [at] : []))
    const acknowledged = keptPromises(
      calls.slice(from, to),
      ({ target }) => target.startsWith('TCP:') && target.includes(`:${bob.port}->`),
    )
    const accepted = keptPromises(calls, ({ text }) => text.startsWith('HTTP/1.1 201'))
    for (const [what, kept] of Object.entries({ acknowledged, accepted })) {
      const early = kept.filter((isKept) => !isKept).length
      must(kept.length === paddings.length, `${paddings.length} messages were ${what}, the trace shows ${kept.length}`)
      must(early === 0, `${early} of ${kept.length} messages were ${what} before they were on the disk`)
      lab.figures[`${what} after a sync`] = kept.length
    }
  },
})
