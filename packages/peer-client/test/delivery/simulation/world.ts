// Accounts with some devices each, and everything that can happen to them: all from one seed.
import type { AccountId } from '@parley/shared/ids.ts'
import { DORMANT_AFTER_MS } from '@parley/shared/limits.ts'
import { Mail, type Sent } from './mail.ts'
import { Network } from './network.ts'
import { type NodeHooks, type SimLine, SimNode } from './node.ts'
import { SeededRandom } from './random.ts'
import { restoredImage } from './restored-image.ts'
import type { Scene } from './scene.ts'
import { Schedule } from './schedule.ts'

export class World implements NodeHooks {
  readonly random: SeededRandom
  readonly schedule = new Schedule()
  readonly network: Network
  readonly nodes: SimNode[] = []
  /** Second processes of a profile, while they live and after. */
  readonly clones: SimNode[] = []
  readonly mail: Mail
  readonly broken: string[] = []
  /** Profiles that were set back or copied: what they say may contradict what they said. */
  readonly setBack = new Map<SimNode, number>()
  readonly gone = new Set<SimNode>()
  readonly #revoked = new Set<SimNode>()
  /** When a device came that was not there from the beginning. */
  readonly joinedAt = new Map<SimNode, number>()
  crashes = 0
  damages = 0
  readonly #scene: Scene
  readonly #accounts: readonly AccountId[]
  #isHealing = false

  constructor(seed: number, scene: Scene) {
    this.random = new SeededRandom(seed)
    this.#scene = scene
    this.network = new Network(this.random, this.schedule)
    this.mail = new Mail({
      random: this.random,
      schedule: this.schedule,
      hasDeadlines: scene.hasDeadlines,
      hasLongTexts: scene.hasLongTexts,
      onFailure: (complaint) => this.broken.push(complaint),
    })
    for (const [account, devices] of scene.devices.entries())
      for (let n = 0; n < devices; n += 1) this.nodes.push(this.#node(account))
    for (const node of this.nodes) for (const other of this.nodes) if (node !== other) node.meet(other)
    this.#accounts = [...new Set(this.nodes.map(({ account }) => account))]
    for (const [index, a] of this.nodes.entries())
      for (const b of this.nodes.slice(index + 1)) this.network.connect(a, b)
  }

  #node(account: number, image?: Buffer): SimNode {
    const device = this.nodes.length
    const name = `${'abc'[account] ?? '?'}${device}`
    const node = new SimNode({ name, account, device }, this.random, this.schedule, this, image)
    if (this.#scene.hasWrongClocks) node.clockOffsetMs = (this.random.below(7) - 3) * 86_400_000
    return node
  }

  get isHealing(): boolean {
    return this.#isHealing
  }

  /** Those that are still used, in their first or in another process. */
  get active(): SimNode[] {
    return this.nodes.filter((node) => !this.gone.has(node))
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.random.below(from.length)]
  }

  get sent(): readonly Sent[] {
    return this.mail.sent
  }

  send(from: SimNode | undefined): void {
    const to = this.pick(this.#accounts.filter((account) => account !== from?.account))
    if (from !== undefined && to !== undefined && from.isRunning) this.mail.send(from, to, this.nodes.includes(from))
  }

  crash(node: SimNode): void {
    if (!node.isRunning) return
    node.crash()
    this.afterCrash(node)
  }

  afterCrash(node: SimNode, isSetBack = false): void {
    this.crashes += 1
    this.#cutOff(node)
    this.schedule.after(this.random.below(300), () => {
      if (this.gone.has(node)) return
      if (!this.#isHealing && !isSetBack && this.#scene.mayDamage && this.random.chance(0.15)) {
        this.damages += 1
        this.network.mayRepeatKeys = true
        node.damageRatchets()
      }
      this.#revive(node)
    })
  }

  /** Its profile is the older copy from now on. */
  setBackLater(node: SimNode): void {
    const image = node.image()
    const known = new Set(this.sent.filter(({ acceptedAt }) => acceptedAt !== undefined))
    this.schedule.after(100 + this.random.below(500), () => {
      if (this.#isHealing || this.gone.has(node)) return
      node.crash()
      node.rollBack(image)
      this.#forget(node, known)
      this.afterCrash(node, true)
    })
  }

  /** A copy of the profile is used beside it for a while. */
  clone(node: SimNode): void {
    const image = node.image()
    const [account, device] = [this.#accounts.indexOf(node.account), this.nodes.indexOf(node)]
    const copy = new SimNode({ name: `${node.name}'`, account, device }, this.random, this.schedule, this, image)
    this.clones.push(copy)
    this.#forget(node, new Set(this.sent))
    for (const other of this.nodes) this.network.connect(copy, other)
    for (let n = 0; n < 12; n += 1) this.schedule.after(this.random.below(400), () => this.send(copy))
    this.schedule.after(200 + this.random.below(300), () => {
      copy.crash()
      this.#cutOff(copy)
      for (const other of this.active) this.network.reconnect(node, other)
    })
  }

  /** A new device of an account that is there. */
  join(): void {
    const account = this.random.below(this.#accounts.length)
    this.#welcome(this.#node(account))
  }

  /** A device is given up; a new one of its account goes on from a copy of its profile. */
  restore(from: SimNode): void {
    const account = this.#accounts.indexOf(from.account)
    const image = restoredImage(from.image())
    this.leave(from)
    this.#revoked.add(from)
    for (const node of this.active) {
      if (node.isRunning) node.store.devices.setState(from.device, 'revoked')
      node.serve(from.device)
    }
    const node = this.#node(account, image)
    this.#forget(node, new Set())
    this.onStart(node)
    this.#welcome(node)
  }

  /** A directory tells it all that it missed. */
  onStart(node: SimNode): void {
    for (const other of this.nodes) {
      node.meet(other)
      if (this.#revoked.has(other)) node.store.devices.setState(other.device, 'revoked')
    }
  }

  #welcome(node: SimNode): void {
    for (const other of this.nodes) {
      node.meet(other)
      other.meet(node)
      other.serve(node.device)
    }
    this.nodes.push(node)
    this.joinedAt.set(node, this.schedule.now + 3)
    for (const other of this.nodes) this.network.connect(node, other)
  }

  /** It is never seen again, unless it comes back. */
  leave(node: SimNode): void {
    this.gone.add(node)
    for (const sent of this.sent) if (sent.from === node) sent.isForgotten = true
    node.crash()
    this.#cutOff(node)
  }

  comeBack(node: SimNode): void {
    this.gone.delete(node)
    this.#revive(node)
  }

  /** A month passes. */
  async age(): Promise<void> {
    this.schedule.now += DORMANT_AFTER_MS + 86_400_000
    const tidied = Promise.all(this.active.map(({ delivery }) => delivery.tidy()))
    await this.schedule.run(10_000)
    await tidied
  }

  /** From here on nothing fails any more. */
  heal(): void {
    this.#isHealing = true
    for (const node of this.active) node.restart()
    for (const [index, a] of this.active.entries())
      for (const b of this.active.slice(index + 1)) this.network.reconnect(a, b)
  }

  /** Nothing happens here any more. */
  end(): void {
    for (const node of [...this.nodes, ...this.clones]) node.end()
  }

  shouldDie(node: SimNode): boolean {
    if (this.#isHealing || !this.random.chance(0.012)) return false
    queueMicrotask(() => {
      if (this.nodes.includes(node)) this.afterCrash(node)
      else this.#cutOff(node)
    })
    return true
  }

  onWire(from: SimNode, line: SimLine, bytes: Uint8Array): void {
    this.network.onWire(from, line, bytes)
  }

  onSessionAbort(node: SimNode, line: SimLine, error: Error): void {
    // Sessions of a device that was given up end like this.
    if ([...this.#revoked].some(({ device }) => device === line.device)) return
    this.network.onSessionAbort(node, line, error)
  }

  /** When the tick is set, a device of the recipient holds exactly that message, as a message. */
  onDelivered(node: SimNode, range: { stream: number; from: number; to: number; account: AccountId }): void {
    const stream = node.store.streams.byId(range.stream)
    if (stream === undefined) return
    const holders = [...this.nodes, ...this.clones]
      .filter(({ account }) => account === range.account)
      .flatMap(({ store }) => {
        const copy = store.streams.byEpoch(node.device, stream.epoch)
        return copy === undefined ? [] : [{ store, copy }]
      })
    for (const row of node.store.messages.range(range.stream, range.from, range.to)) {
      if (node.store.deliveries.find(row.stream, row.seq, range.account)?.state !== 'delivered') continue
      const isHeld = holders.some(({ store, copy }) => {
        const held = row.seq > copy.upTo ? undefined : store.messages.bytesAt(copy.id, row.seq)
        return held !== undefined && Buffer.compare(held, row.bytes) === 0
      })
      // What a profile held that was set back since, it did hold.
      const isExcused = [...this.setBack.keys()].some(({ account }) => account === range.account)
      if (!isHeld && !isExcused) this.broken.push(`4: ${node.name} marked ${row.seq} delivered, nobody holds it`)
    }
  }

  #revive(node: SimNode): void {
    node.restart()
    for (const other of this.active) if (other !== node) this.network.reconnect(node, other)
  }

  #cutOff(node: SimNode): void {
    for (const link of this.network.links)
      if (link.lines.some((line) => line.owner === node && line.isOpen)) this.network.cut(link)
  }

  #forget(node: SimNode, known: ReadonlySet<Sent>): void {
    this.setBack.set(node, (this.setBack.get(node) ?? 0) + 1)
    this.network.mayRepeatKeys = true
    this.network.forget(node)
    this.mail.forget(node, known)
  }
}
