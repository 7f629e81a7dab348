import { freePort } from '#free-port.ts'
import { Namespace } from '#namespace.ts'
import { DISK_FAILED } from '#runner-protocol.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PADDING = 4_000
/** Enough to make a profile and to begin. */
const MIN_DISK_KIB = 1_500
const MAX_MORE_KIB = 1_000
/** Enough for everything. */
const ENOUGH_MIB = 256
const ROLES = ['reader', 'writer'] as const

interface Plan {
  /** Whose disk is full, one after the other, and how much room it has. */
  readonly disks: readonly { readonly who: (typeof ROLES)[number]; readonly kib: number }[]
}

export const fullDisk = scenario<Plan>({
  name: 'full-disk',
  summary:
    'the disk of the reader or that of the writer is full: it ends with 74 and has promised nothing; with room again all arrives',
  needs: ['namespaces'],
  size: { messages: 500, strikes: 1 },
  plan: (random, { strikes }) => ({
    disks: Array.from({ length: strikes }, () => ({
      who: random.pick(ROLES),
      kib: MIN_DISK_KIB + random.below(MAX_MORE_KIB),
    })),
  }),
  play: async (lab, { disks }) => {
    const messages = Math.ceil(lab.size.messages / disks.length)
    for (const [index, { who, kib }] of disks.entries()) {
      const mounts = await Namespace.open(lab.stage, ['mount'])
      const disk = lab.stage.path(`disk-${index}`)
      const mount = (options: string) => mounts.run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk)
      await mounts.run('mkdir', disk)
      await mount(`size=${kib}k,mode=0700`)
      const profile = `${disk}/profile`
      const port = await freePort()
      const limited = lab.peer(`limited-${index}`, {
        profile,
        seenAt: mounts.path(profile),
        surroundings: { under: mounts.under },
      })
      await limited.start({ port })
      const address = `127.0.0.1:${port}`
      const roomy = lab.peer(`roomy-${index}`, { peers: [address], mayLiveHere: true })
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
