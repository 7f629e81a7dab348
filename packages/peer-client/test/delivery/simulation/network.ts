// Links between devices: slow, cut, doubled, and lossy at their end. What goes over them is checked as it goes.
import { createHash, type Hash } from 'node:crypto'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { type Frame, type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import type { DeliveryFrame } from '#delivery/ports.ts'
import { messageKeyOf } from './model-sealing.ts'
import { SimLine, type SimNode } from './node.ts'
import type { SeededRandom } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface Link {
  readonly lines: readonly [SimLine, SimLine]
  readonly lastArrival: [number, number]
}

export class Network {
  readonly aborts: string[] = []
  readonly broken: string[] = []
  cuts = 0
  /** Ratchets were set back: one message key may have sealed twice. */
  mayRepeatKeys = false
  readonly #random: SeededRandom
  readonly #schedule: Schedule
  readonly #links: Link[] = []
  readonly #byLine = new Map<SimLine, Link>()
  readonly #trace: Hash = createHash('sha256')
  readonly #ciphertexts = new Map<string, string>()
  readonly #messageKeys = new Map<string, string>()
  readonly #acknowledged = new Map<string, number>()

  constructor(random: SeededRandom, schedule: Schedule) {
    this.#random = random
    this.#schedule = schedule
  }

  /** The same for the same seed. */
  traceHash(): string {
    return this.#trace.copy().digest('hex')
  }

  get links(): readonly Link[] {
    return this.#links
  }

  openLinks(): Link[] {
    return this.#links.filter(({ lines }) => lines.every((line) => line.isAlive))
  }

  connect(a: SimNode, b: SimNode): void {
    if (!a.isRunning || !b.isRunning || a.device === b.device) return
    const id = `link ${this.#links.length}`
    const lines = [new SimLine(a, b.device, id), new SimLine(b, a.device, id)] as const
    const older = this.openLinks().find((link) => isBetween(link, a, b))
    // Another process of the same profile: the newer one replaces it.
    for (const link of this.openLinks()) if (isBetweenTwins(link, a, b) || isBetweenTwins(link, b, a)) this.cut(link)
    const link: Link = { lines, lastArrival: [0, 0] }
    this.#links.push(link)
    for (const line of lines) this.#byLine.set(line, link)
    a.delivery.attach(lines[0])
    b.delivery.attach(lines[1])
    if (older !== undefined && this.#random.chance(0.4))
      this.#schedule.after(this.#random.below(60), () => this.#fallBack(older, link))
  }

  /** The newer session loses after all, and the older one is current again. */
  #fallBack(older: Link, newer: Link): void {
    if (!older.lines.every((line) => line.isAlive)) return
    this.cut(newer)
    for (const line of older.lines) line.owner.delivery.attach(line)
  }

  /** What is on the way may be lost or still arrive; each end notices in its own time. */
  cut({ lines }: Link): void {
    this.cuts += 1
    const isLossy = this.#random.chance(0.5)
    for (const line of lines) {
      if (!line.isOpen) continue
      if (isLossy) line.isOpen = false
      this.#schedule.after(this.#random.below(30), () => {
        line.isOpen = false
        if (line.owner.isRunning && line.owner.process === line.process) this.#detach(line)
      })
    }
    const [one, other] = lines
    this.#schedule.after(this.#random.below(200), () => this.reconnect(one.owner, other.owner))
  }

  /** An older session that still lives is the current one then. */
  #detach(line: SimLine): void {
    line.owner.delivery.detach(line)
    const rest = this.openLinks().flatMap(({ lines }) => lines.filter(({ owner }) => owner === line.owner))
    const next = rest.findLast(({ device }) => device === line.device)
    if (next !== undefined) line.owner.delivery.attach(next)
  }

  reconnect(a: SimNode, b: SimNode): void {
    if (!this.openLinks().some((link) => isBetween(link, a, b))) this.connect(a, b)
  }

  onWire(from: SimNode, line: SimLine, bytes: Uint8Array): void {
    const link = this.#byLine.get(line)
    if (link === undefined) return
    const direction = link.lines[0] === line ? 0 : 1
    const target = link.lines[1 - direction]
    this.#trace.update(`${from.name} ${this.#schedule.now} `).update(bytes)
    const frame = decodeFrame(bytes.subarray(4))
    if (target === undefined || frame === undefined || !isDeliveryFrame(frame)) return
    if (frame.type === TYPE.envelope) this.#checkEnvelope(from, line, frame)
    if (frame.type === TYPE.ack)
      for (const id of frame.envelopes) this.#acknowledged.set(`${from.name} ${id}`, from.process)
    if (frame.type === TYPE.reject) this.#checkReject(from, frame)
    const arrival = Math.max(link.lastArrival[direction] ?? 0, this.#schedule.now + this.#random.below(12))
    link.lastArrival[direction] = arrival
    this.#schedule.after(arrival - this.#schedule.now, () => target.owner.receive(target, frame))
  }

  onSessionAbort(node: SimNode, line: SimLine, error: Error): void {
    this.aborts.push(`${node.name}: ${error.message}`)
    const link = this.#byLine.get(line)
    if (link !== undefined) this.cut(link)
  }

  /** The profile goes on from an older copy: its earlier answers bind it no more. */
  forget(node: SimNode): void {
    for (const key of this.#acknowledged.keys()) if (key.startsWith(`${node.name} `)) this.#acknowledged.delete(key)
  }

  /** One envelope id is one ciphertext, whatever the wire and however often; it is committed before it is written, and open. */
  #checkEnvelope(from: SimNode, line: SimLine, frame: FrameOf<2>): void {
    const digest = createHash('sha256').update(frame.bytes).digest('hex')
    const known = this.#ciphertexts.get(frame.id)
    if (known !== undefined && known !== digest) this.broken.push(`6: envelope ${frame.id} has two ciphertexts`)
    this.#ciphertexts.set(frame.id, digest)
    const row = from.store.envelopes.byId(frame.id)
    if (row === undefined) this.broken.push(`6: envelope ${frame.id} was written before it was committed`)
    else if (row.endedAt !== null && row.endedAt < from.now)
      this.broken.push(`5: envelope ${frame.id} was written after it had ended`)
    // A cursor is moved only by what it seals, and what is sealed is frozen.
    for (const { sealedTo, frozenTo, base } of from.store.cursors.ofDevice(line.device))
      if (sealedTo > Math.max(frozenTo, base - 1))
        this.broken.push(`3: the cursor of ${from.name} jumped to ${sealedTo}, frozen is ${frozenTo}`)
    // A message key seals once; only a ratchet that was set back may repeat itself.
    const key = `${from.device} ${messageKeyOf(frame.bytes)}`
    const user = this.#messageKeys.get(key)
    if (user !== undefined && user !== frame.id && !this.mayRepeatKeys)
      this.broken.push(`6: one message key sealed ${user} and ${frame.id}`)
    this.#messageKeys.set(key, frame.id)
  }

  #checkReject(from: SimNode, { envelope, code }: FrameOf<4>): void {
    if (this.#acknowledged.has(`${from.name} ${envelope}`))
      this.broken.push(`11: ${from.name} acknowledged an envelope and then rejected it as ${code}`)
  }
}

function isBetween({ lines }: Link, a: SimNode, b: SimNode): boolean {
  return lines.some(({ owner }) => owner === a) && lines.some(({ owner }) => owner === b)
}

/** Between `a` and another process of the profile of `b`. */
function isBetweenTwins({ lines }: Link, a: SimNode, b: SimNode): boolean {
  return lines.some(({ owner }) => owner === a) && lines.some(({ owner }) => owner !== b && owner.device === b.device)
}

export function isDeliveryFrame(frame: Frame): frame is DeliveryFrame {
  return ![TYPE.hello, TYPE.ping, TYPE.pong, TYPE.bye, TYPE.app].some((type) => type === frame.type)
}
