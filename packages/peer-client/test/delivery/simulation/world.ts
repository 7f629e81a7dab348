// Two or more devices, links between them that are slow, cut and doubled, processes that die: all from one seed.
import { createHash } from 'node:crypto'
import { toHex, utf8 } from '@parley/shared/bytes.ts'
import type { LocalMessageId } from '@parley/shared/ids.ts'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { TYPE } from '@parley/shared/wire/frames.ts'
import { decodeMessage, VOID_KIND } from '@parley/shared/wire/message.ts'
import { messageKeyOf } from './model-sealing.ts'
import { type NodeHooks, SimLine, SimNode } from './node.ts'
import { SeededRandom } from './random.ts'
import { Schedule } from './schedule.ts'

export interface Sent {
  readonly from: SimNode
  readonly to: SimNode
  readonly text: string
  localId: LocalMessageId | undefined
  /** Its `send` resolved: from here on it must never be lost. */
  isAccepted: boolean
  /** What was reported: earlier texts must never arrive. */
  finalText: string | undefined
  readonly formerTexts: string[]
}

interface Link {
  readonly lines: readonly [SimLine, SimLine]
  readonly lastArrival: [number, number]
}

export class World implements NodeHooks {
  readonly random: SeededRandom
  readonly schedule = new Schedule()
  readonly nodes: SimNode[]
  readonly sent: Sent[] = []
  readonly broken: string[] = []
  readonly aborts: string[] = []
  crashes = 0
  cuts = 0
  damages = 0
  #links: Link[] = []
  #isHealing = false
  /** Every second run keeps its ratchets, so that what damage excuses is checked there. */
  readonly #mayDamage: boolean
  readonly #ciphertexts = new Map<string, string>()
  readonly #messageKeys = new Map<string, string>()
  readonly #trace = createHash('sha256')
  #texts = 0

  constructor(seed: number, devices: number) {
    this.random = new SeededRandom(seed)
    this.#mayDamage = seed % 2 === 0
    this.nodes = Array.from(
      { length: devices },
      (_, index) => new SimNode(`d${index}`, index, this.random, this.schedule, this),
    )
    for (const node of this.nodes) for (const other of this.nodes) if (node !== other) node.meet(other)
  }

  /** The same for the same seed. */
  traceHash(): string {
    return this.#trace.copy().digest('hex')
  }

  send(from: SimNode, to: SimNode): void {
    if (!from.isRunning) return
    this.#texts += 1
    const text = `text ${this.#texts}`
    const sent: Sent = { from, to, text, localId: undefined, isAccepted: false, finalText: text, formerTexts: [] }
    this.sent.push(sent)
    const { process } = from
    // A message that is revised while it is being sealed is the interesting one.
    if (this.random.chance(0.3)) this.schedule.after(this.random.below(12), () => this.revise(sent))
    from.delivery
      .send({
        conversation: from.conversationWith(to),
        recipients: [to.account],
        kind: 'text',
        critical: true,
        body: utf8(text),
        priority: this.random.below(3),
      })
      .then(({ localId }) => {
        if (!from.isRunning || from.process !== process) return
        sent.localId = localId
        sent.isAccepted = true
      })
      .catch((error: unknown) => this.broken.push(`send failed: ${String(error)}`))
  }

  /** Takes back or rewrites a message that may already be on its way. */
  revise(sent: Sent): void {
    const { from, localId } = sent
    if (localId === undefined || !from.isRunning || sent.finalText === undefined) return
    const { process } = from
    const isStill = (): boolean => from.isRunning && from.process === process
    const old = sent.finalText
    if (this.random.chance(0.5)) {
      void from.delivery.outbox.cancel(localId).then((outcome) => {
        if (!isStill() || outcome !== 'cancelled') return
        sent.formerTexts.push(old)
        sent.finalText = undefined
      })
    } else {
      this.#texts += 1
      const text = `text ${this.#texts}`
      void from.delivery.outbox.edit(localId, utf8(text)).then((outcome) => {
        if (!isStill() || outcome !== 'edited') return
        sent.formerTexts.push(old)
        sent.finalText = text
      })
    }
  }

  connect(a: SimNode, b: SimNode): void {
    if (!a.isRunning || !b.isRunning) return
    const id = `link ${this.#links.length}`
    const lines = [new SimLine(a, b.device, id), new SimLine(b, a.device, id)] as const
    const older = this.openLinks().find((link) =>
      [a, b].every((node) => link.lines.some(({ owner }) => owner === node)),
    )
    this.#links.push({ lines, lastArrival: [0, 0] })
    a.delivery.attach(lines[0])
    b.delivery.attach(lines[1])
    if (older !== undefined && this.random.chance(0.4))
      this.schedule.after(this.random.below(60), () => this.#fallBack(older, lines))
  }

  /** The newer session loses after all, and the older one is current again. */
  #fallBack(older: Link, newer: readonly SimLine[]): void {
    if (!older.lines.every((line) => line.isAlive)) return
    this.cut({ lines: newer })
    for (const line of older.lines) line.owner.delivery.attach(line)
  }

  /** What is on the way may be lost or still arrive; each end notices in its own time. */
  cut(link: { lines: readonly SimLine[] }): void {
    this.cuts += 1
    const isLossy = this.random.chance(0.5)
    for (const line of link.lines) {
      if (!line.isOpen) continue
      if (isLossy) line.isOpen = false
      this.schedule.after(this.random.below(30), () => {
        line.isOpen = false
        if (line.owner.isRunning && line.owner.process === line.process) line.owner.delivery.detach(line)
      })
    }
    const [one, other] = link.lines
    if (one === undefined || other === undefined) return
    this.schedule.after(this.random.below(200), () => this.reconnect(one.owner, other.owner))
  }

  reconnect(a: SimNode, b: SimNode): void {
    if (
      this.openLinks().some(
        ({ lines }) => lines.some(({ owner }) => owner === a) && lines.some(({ owner }) => owner === b),
      )
    )
      return
    this.connect(a, b)
  }

  openLinks(): Link[] {
    return this.#links.filter(({ lines }) => lines.every((line) => line.isAlive))
  }

  crash(node: SimNode): void {
    node.crash()
    this.afterCrash(node)
  }

  afterCrash(node: SimNode): void {
    this.crashes += 1
    for (const link of this.#links) if (link.lines.some((line) => line.owner === node && line.isOpen)) this.cut(link)
    this.schedule.after(this.random.below(300), () => {
      if (!this.#isHealing && this.#mayDamage && this.random.chance(0.15)) {
        this.damages += 1
        node.damageRatchets()
      }
      node.restart()
      for (const other of this.nodes) if (other !== node) this.reconnect(node, other)
    })
  }

  /** From here on nothing fails any more. */
  heal(): void {
    this.#isHealing = true
    for (const node of this.nodes) node.restart()
    for (const [index, a] of this.nodes.entries()) for (const b of this.nodes.slice(index + 1)) this.reconnect(a, b)
  }

  shouldDie(node: SimNode): boolean {
    if (this.#isHealing || !this.random.chance(0.015)) return false
    queueMicrotask(() => this.afterCrash(node))
    return true
  }

  onWire(from: SimNode, line: SimLine, bytes: Uint8Array): void {
    const link = this.#links.find(({ lines }) => lines.includes(line))
    if (link === undefined) return
    const direction = link.lines[0] === line ? 0 : 1
    const target = link.lines[1 - direction]
    this.#trace.update(`${from.name} ${this.schedule.now} `).update(bytes)
    this.#checkCiphertext(from, bytes)
    const arrival = Math.max(link.lastArrival[direction] ?? 0, this.schedule.now + this.random.below(12))
    link.lastArrival[direction] = arrival
    this.schedule.after(arrival - this.schedule.now, () => target?.owner.receive(target, bytes))
  }

  onSessionAbort(node: SimNode, line: SimLine, error: Error): void {
    this.aborts.push(`${node.name}: ${error.message}`)
    const link = this.#links.find(({ lines }) => lines.includes(line))
    if (link !== undefined) this.cut(link)
  }

  /** When the tick is set, a device of the recipient holds exactly that message, as a message. */
  onDelivered(node: SimNode, range: { stream: number; from: number; to: number }): void {
    const stream = node.store.streams.byId(range.stream)
    for (const row of node.store.messages.range(range.stream, range.from, range.to)) {
      const holders = this.nodes.filter((other) => {
        if (other === node || stream === undefined) return false
        const theirs = other.store.streams.byEpoch(node.device, stream.epoch)
        if (theirs === undefined || row.seq > theirs.upTo) return false
        const held = other.store.messages.bytesAt(theirs.id, row.seq)
        return held !== undefined && toHex(held) === toHex(row.bytes)
      })
      if (holders.length === 0) this.broken.push(`4: ${node.name} marked ${row.seq} delivered, nobody holds it`)
    }
  }

  /** Texts that a device shows of another, in display order. */
  shown(at: SimNode, from: SimNode): string[] {
    const texts: string[] = []
    for (const row of [...at.store.displayOrder.backwards(at.conversationWith(from))].reverse()) {
      const { kind, body } = decodeMessage(row.bytes)
      const stream = at.store.streams.byId(row.stream)
      if (stream?.device === from.device && kind !== VOID_KIND) texts.push(Buffer.from(body).toString())
    }
    return texts
  }

  /** One envelope id is one ciphertext, whatever the wire and however often. */
  #checkCiphertext(from: SimNode, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes.subarray(4))
    if (frame?.type !== TYPE.envelope) return
    const digest = createHash('sha256').update(frame.bytes).digest('hex')
    const known = this.#ciphertexts.get(frame.id)
    if (known !== undefined && known !== digest) this.broken.push(`6: envelope ${frame.id} has two ciphertexts`)
    this.#ciphertexts.set(frame.id, digest)
    // A message key seals once; only a ratchet that was set back may repeat itself.
    const key = `${from.name} ${messageKeyOf(frame.bytes)}`
    const user = this.#messageKeys.get(key)
    if (user !== undefined && user !== frame.id && this.damages === 0)
      this.broken.push(`6: one message key sealed ${user} and ${frame.id}`)
    this.#messageKeys.set(key, frame.id)
  }
}
