import { PeerProgram } from '#peer-program.ts'
import { callsIn, keptPromises, traced } from '#system-calls.ts'
import type { Lab } from '../lab.ts'
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
    const alice = await start(lab, 'alice')
    const bob = await start(lab, 'bob', traced(trace))
    const { pid } = bob.program
    const [atAlice, atBob] = await Promise.all([alice.api(), bob.api()])
    await atAlice.connect(bob.address)
    const met = await atAlice.send('bob', 'Let us count.')
    await atAlice.waitFor(met.id, 'delivered', { timeoutMs: PATIENCE_MS })

    // Each answer to this marks a place in the trace; before the first the daemon shows that it knows the token.
    await atBob.status()
    for (const padding of paddings) {
      const { id } = await atAlice.send('bob', '.'.repeat(1 + padding))
      const { state } = await atAlice.waitFor(id, 'delivered', { timeoutMs: PATIENCE_MS })
      must(state === 'delivered', `a message is ${state} and not delivered`)
    }
    await atBob.status()
    for (const padding of paddings) await atBob.send('alice', '.'.repeat(1 + padding))
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
    await alice.stop()
  },
})

async function start(lab: Lab, name: string, under: readonly string[] = []): Promise<PeerProgram> {
  const started = await lab.program({ name, directory: null, under })
  must(started instanceof PeerProgram, `${name} did not start`)
  return started
}
