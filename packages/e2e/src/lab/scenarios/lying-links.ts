import { randomBytes } from 'node:crypto'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import { type Direction, FrameProxy } from '#frame-proxy.ts'
import type { Lab } from '../lab.ts'
import { scenario } from '../scenario.ts'

const TRICKS = ['twice', 'after the next', 'late', 'never', 'a lie'] as const
type Trick = (typeof TRICKS)[number]

interface Plan {
  /** What happens to each envelope and each answer, over and over; most pass. */
  readonly tricks: readonly (Trick | 'pass')[]
}

const CYCLE = 48
/** One in so many frames is meddled with. */
const RARITY = 3
const LATE_BY_FRAMES = 5

export const lyingLinks = scenario<Plan>({
  name: 'lying-links',
  summary: 'above TLS: envelopes and answers that come twice, in another order, late or never, and answers that lie',
  size: { messages: 240, strikes: CYCLE },
  plan: (random, { strikes }) => ({
    tricks: Array.from({ length: strikes }, () => (random.below(RARITY) === 0 ? random.pick(TRICKS) : 'pass')),
  }),
  play: async (lab, { tricks }) => {
    const bob = lab.peer('bob', { mayLiveHere: true })
    const bobPort = await bob.start()
    const before = lab.peer('alice', { mayLiveHere: true })
    await before.start()
    await before.stop()
    lab.peers.splice(lab.peers.indexOf(before), 1)

    const meddler = new Meddler(lab, tricks)
    const proxy = lab.use(
      await FrameProxy.start({
        near: before.profile,
        far: bob.profile,
        farPort: bobPort,
        meddle: (direction, body) => meddler.pass(direction, body),
      }),
    )
    const alice = lab.peer('alice', { peers: [proxy.address], mayLiveHere: true })
    await alice.start()
    await alice.connect(proxy.address)
    await lab.introduce(alice, bob)
    meddler.begin()
    const messages = Math.ceil(lab.size.messages / 2)
    await Promise.all([lab.talk(alice, bob, { messages, lanes: 4 }), lab.talk(bob, alice, { messages, lanes: 4 })])
    // What is still held back is lost with the session; the next one is honest, and has to mend everything.
    meddler.end()
    proxy.cut()
  },
})

type Answer = FrameOf<3> | FrameOf<4>

interface Held {
  readonly direction: Direction
  readonly body: Uint8Array
  readonly dueAt: number
}

/** Decides for each envelope and each answer by the tricks of the plan, in their order. */
class Meddler {
  readonly #lab: Lab
  readonly #tricks: readonly (Trick | 'pass')[]
  #held: Held[] = []
  #count = 0
  #isOn = false

  constructor(lab: Lab, tricks: readonly (Trick | 'pass')[]) {
    this.#lab = lab
    this.#tricks = tricks
  }

  begin(): void {
    this.#isOn = true
  }

  end(): void {
    this.#isOn = false
    this.#held = []
  }

  pass(direction: Direction, body: Uint8Array): Uint8Array[] {
    if (!this.#isOn) return [body]
    const frame = decodeFrame(body)
    if (frame?.type !== TYPE.envelope && frame?.type !== TYPE.ack && frame?.type !== TYPE.reject) return [body]
    const trick = this.#tricks[this.#count % this.#tricks.length] ?? 'pass'
    this.#count += 1
    const due = this.#due(direction)
    if (trick !== 'pass') this.#lab.count(`${frame.type === TYPE.envelope ? 'envelopes' : 'answers'} ${trick}`)
    switch (trick) {
      case 'pass':
        return [body, ...due]
      case 'twice':
        return [body, body, ...due]
      case 'after the next':
        this.#hold(direction, body, 1)
        return due
      case 'late':
        this.#hold(direction, body, LATE_BY_FRAMES)
        return due
      case 'never':
        return due
      case 'a lie':
        return [frame.type === TYPE.envelope ? otherBytes(frame) : lie(frame), ...due]
    }
  }

  #hold(direction: Direction, body: Uint8Array, frames: number): void {
    // The bytes are a view of what the socket reads into.
    this.#held.push({ direction, body: Uint8Array.from(body), dueAt: this.#count + frames })
  }

  #due(direction: Direction): Uint8Array[] {
    const isDue = (one: Held) => one.direction === direction && one.dueAt <= this.#count
    const due = this.#held.filter(isDue)
    this.#held = this.#held.filter((one) => !isDue(one))
    return due.map(({ body }) => body)
  }
}

/** The same envelope with other bytes in it, which nobody can open. */
function otherBytes(frame: FrameOf<2>): Uint8Array {
  const bytes = Uint8Array.from(frame.bytes)
  bytes.set(randomBytes(8), bytes.length - 8)
  return encodeFrame({ ...frame, bytes }).subarray(4)
}

/** The answer with a claim to hold what it does not: the right position under another hash. */
function lie(frame: Answer): Uint8Array {
  const streams = frame.streams.map((claim) => ({ ...claim, hash: new Uint8Array(randomBytes(32)) }))
  return encodeFrame({ ...frame, streams }).subarray(4)
}
