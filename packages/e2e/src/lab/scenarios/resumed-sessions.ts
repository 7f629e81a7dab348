import { once } from 'node:events'
import { dialWithTls, makeStranger } from '#stranger.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const TICKET_PATIENCE_MS = 10_000

interface Plan {
  /** For each stranger, how often they come back with what TLS gave them. */
  readonly visits: readonly number[]
}

export const resumedSessions = scenario<Plan>({
  name: 'resumed-sessions',
  summary:
    'strangers come back with the TLS session that they had: it is never taken up again, as it would prove no key',
  size: { messages: 2, strikes: 3 },
  plan: (random, { strikes }) => ({ visits: Array.from({ length: strikes }, () => 1 + random.below(2)) }),
  play: async (lab, { visits }) => {
    const alice = lab.peer('alice', { mayLiveHere: true })
    const port = await alice.start()
    for (const count of visits) {
      const stranger = await makeStranger()
      const first = await dialWithTls(port, stranger.tls)
      const given = once(first, 'session', { signal: AbortSignal.timeout(TICKET_PATIENCE_MS) })
      first.write(stranger.hello())
      await once(first, 'data')
      const session: unknown = (await given)[0]
      must(Buffer.isBuffer(session), 'TLS gave nothing to come back with')
      first.destroy()
      for (let visit = 0; visit < count; visit += 1) {
        const again = await dialWithTls(port, { ...stranger.tls, session })
        must(!again.isSessionReused(), 'a stranger came back with an old TLS session, which proves no key')
        again.destroy()
        lab.count('visits')
      }
    }
  },
})
