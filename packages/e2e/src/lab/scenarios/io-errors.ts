import { freePort } from '#free-port.ts'
import { DISK_FAILED } from '#runner-protocol.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

/** A call of the reader, and what it answers from its nth on. */
const FAULTS = [
  { call: 'fsync,fdatasync', error: 'EIO' },
  { call: 'pwrite64', error: 'EIO' },
  { call: 'pwrite64', error: 'ENOSPC' },
] as const
const MIN_CALLS = { 'fsync,fdatasync': 8, pwrite64: 40 }
const MAX_MORE_CALLS = 30

interface Plan {
  readonly failures: readonly { readonly call: string; readonly error: string; readonly from: number }[]
}

export const ioErrors = scenario<Plan>({
  name: 'io-errors',
  summary:
    'the disk of the reader fails at a sync or a write (strace): it ends with 74, and has promised nothing that it does not have',
  needs: ['strace'],
  size: { messages: 100, strikes: 1 },
  plan: (random, { strikes }) => ({
    failures: Array.from({ length: strikes }, () => {
      const { call, error } = random.pick(FAULTS)
      return { call, error, from: MIN_CALLS[call] + random.below(MAX_MORE_CALLS) }
    }),
  }),
  play: async (lab, { failures }) => {
    const bob = lab.peer('bob', { mayLiveHere: true })
    const port = await freePort()
    await bob.start({ port })
    const address = `127.0.0.1:${port}`
    const alice = lab.peer('alice', { peers: [address], mayLiveHere: true })
    await alice.start()
    await alice.connect(address)
    await lab.introduce(alice, bob)
    const messages = Math.ceil(lab.size.messages / failures.length)
    for (const { call, error, from } of failures) {
      lab.note(`${call} fails with ${error} from its ${from}th on`)
      await bob.stop()
      const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${from}+`]
      await bob.start({ port, under: ['strace', '-D', '-f', '--seccomp-bpf', '-o', '/dev/null', ...inject] })
      const ending = bob.endsByItself()
      let isOver = false
      const over = ending.then(() => {
        isOver = true
      })
      // One commit of the reader for each message, so that it comes to the call that fails.
      const mayGoOn = async () => {
        if (!isOver) await Promise.race([lab.rest(), over])
      }
      const talking = lab.talk(alice, bob, { messages, lanes: 1, mayGoOn })
      const { exitCode, signal } = await ending
      must(exitCode === DISK_FAILED, `the reader ended with ${exitCode ?? signal} when its disk failed`)
      await bob.start({ port })
      await talking
      lab.count(`${call} ${error}`)
    }
  },
})
