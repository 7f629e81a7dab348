import { PeerProgram } from '#peer-program.ts'
import type { Ended } from '#program.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PROFILE_IN_USE = 71
/** As in another container: its process ids are its own, and mean nothing outside. */
const APART = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--']

interface Plan {
  /** How many processes want the profile, in each round. */
  readonly rounds: readonly number[]
}

export const oneProfile = scenario<Plan>({
  name: 'one-profile',
  summary:
    'processes race for one profile, also after a kill -9, also one in a container of its own: one gets it, always',
  needs: ['namespaces'],
  size: { messages: 20, strikes: 2 },
  plan: (random, { strikes }) => ({ rounds: Array.from({ length: strikes }, () => 2 + random.below(2)) }),
  play: async (lab, { rounds }) => {
    const bob = lab.peer('bob', { mayLiveHere: true })
    const address = `127.0.0.1:${await bob.start()}`
    const start = (under: readonly string[] = []) =>
      lab.program({ name: 'alice', directory: null, flags: ['--peer', address], under })
    let holder: PeerProgram | undefined
    for (const [round, count] of rounds.entries()) {
      await holder?.kill()
      const started = await Promise.all(Array.from({ length: count }, () => start()))
      const [winner, ...others] = started.filter((one) => one instanceof PeerProgram)
      must(winner !== undefined, `none of ${count} processes got the profile in round ${round + 1}`)
      must(others.length === 0, `${1 + others.length} of ${count} processes got the profile in round ${round + 1}`)
      holder = winner
      const isLast = round === rounds.length - 1
      const late = isLast ? [await start(APART)] : []
      for (const one of [...started, ...late]) if (one !== holder) mustBeRefused(one)
      lab.count('races')

      const api = await holder.api()
      await api.connect(address)
      for (let n = 0; n < lab.size.messages / rounds.length; n += 1) {
        const text = `alice>bob ${round}/${n}`
        await api.send('bob', text)
        lab.books.accept(text)
      }
      await lab.rest()
    }
    await holder?.stop()
  },
})

function mustBeRefused(one: PeerProgram | Ended): void {
  must(!(one instanceof PeerProgram), 'a process in a container of its own got a profile that is in use')
  must(one.exitCode === PROFILE_IN_USE, `it ended with ${one.exitCode}: ${one.stderr}`)
}
