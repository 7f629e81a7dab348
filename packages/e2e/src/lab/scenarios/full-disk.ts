import { freePort } from '#free-port.ts'
import { Namespace } from '#namespace.ts'
import { DISK_FAILED } from '#runner-protocol.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PADDING = 4_000
/** Enough to make a profile and to begin. */
const MIN_DISK_KIB = 1_500
const MAX_MORE_KIB = 2_000
/** Enough for everything. */
const ENOUGH_MIB = 256

interface Plan {
  /** Whose disk is full, one after the other, and how great it is. */
  readonly disks: readonly { readonly who: 'reader' | 'writer'; readonly kib: number }[]
}

export const fullDisk = scenario<Plan>({
  name: 'full-disk',
  summary:
    'the disk of the reader, then that of the writer, is full: it ends with 74 and promises nothing; with room again all arrives',
  needs: ['namespaces'],
  size: { messages: 1_200, strikes: 2 },
  plan: (random, { strikes }) => ({
    disks: Array.from({ length: strikes }, (_, index) => ({
      who: index % 2 === 0 ? ('reader' as const) : ('writer' as const),
      kib: MIN_DISK_KIB + random.below(MAX_MORE_KIB),
    })),
  }),
  play: async (lab, { disks }) => {
    const messages = Math.ceil(lab.size.messages / disks.length)
    for (const [index, { who, kib }] of disks.entries()) {
      const mounts = await Namespace.open(lab.stage, ['mount'])
      const small = lab.stage.path(`disk-${index}`)
      const mount = (options: string) => mounts.run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', small)
      await mounts.run('mkdir', small)
      await mount(`size=${kib}k,mode=0700`)
      const name = `small-${index}`
      const limited = lab.peer(name, {
        profile: `${small}/profile`,
        seenAt: mounts.path(`${small}/profile`),
        surroundings: { under: mounts.under },
      })
      const port = await freePort()
      await limited.start({ port })
      const address = `127.0.0.1:${port}`
      const roomy = lab.peer(`roomy-${index}`, { peers: [address] })
      await roomy.start()
      await roomy.connect(address)
      await lab.introduce(roomy, limited)

      const ending = limited.endsByItself()
      const [writer, reader] = who === 'reader' ? [roomy, limited] : [limited, roomy]
      const talking = lab.talk(writer, reader, { messages, padding: PADDING })
      const { exitCode, signal } = await ending
      lab.note(`the disk of the ${who} (${kib} KiB) was full after ${lab.books.accepted} messages`)
      must(exitCode === DISK_FAILED, `the ${who} ended with ${exitCode ?? signal} when its disk was full`)
      await mount(`remount,size=${ENOUGH_MIB}m`)
      await limited.start({ port })
      await talking
      lab.count('full disks')
    }
  },
})
