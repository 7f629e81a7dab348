// One device of the simulation: a store that survives, and a process that can die at any moment.
import { directConversationId } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey } from '@parley/shared/ids.ts'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, TYPE } from '@parley/shared/wire/frames.ts'
import Sqlite from 'better-sqlite3'
import { z } from 'zod'
import { Delivery } from '#delivery/delivery.ts'
import type { DeliveryFrame, DeliveryLog, Line } from '#delivery/ports.ts'
import { DeviceLocks } from '#encryption/device-locks.ts'
import { type Database, openDatabase } from '#store/database.ts'
import { GroupCommit } from '#store/group-commit.ts'
import { Store } from '#store/store.ts'
import { ModelSealing } from './model-sealing.ts'
import type { SeededRandom } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface NodeHooks {
  /** Called with every frame that leaves a live process. */
  onWire(from: SimNode, link: SimLine, frame: Uint8Array): void
  onDelivered(node: SimNode, range: { stream: number; from: number; to: number }): void
  onSessionAbort(node: SimNode, line: SimLine, error: Error): void
  /** True: the process dies now, right before (or after) its commit. */
  shouldDie(node: SimNode, moment: 'before-commit' | 'after-commit'): boolean
}

const RatchetRow = z.object({ device: z.string(), record: z.custom<Buffer>((value) => Buffer.isBuffer(value)) })
const silent: DeliveryLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export class SimLine implements Line {
  readonly device: DeviceKey
  readonly path: string
  readonly owner: SimNode
  readonly process: number
  readonly link: string
  isOpen = true
  readonly received = new Map<string, number>()
  readonly answered = new Map<string, number>()

  constructor(owner: SimNode, device: DeviceKey, link: string) {
    this.owner = owner
    this.device = device
    this.link = link
    this.path = link
    this.process = owner.process
  }

  get isAlive(): boolean {
    return this.isOpen && this.owner.isRunning && this.owner.process === this.process
  }

  send(frame: DeliveryFrame): boolean {
    if (!this.isAlive) return false
    if (frame.type === TYPE.ack) for (const id of frame.envelopes) count(this.answered, id)
    if (frame.type === TYPE.reject) count(this.answered, frame.envelope)
    this.owner.hooks.onWire(this.owner, this, encodeFrame(frame))
    return true
  }

  abort(error: Error): void {
    if (this.isAlive) this.owner.hooks.onSessionAbort(this.owner, this, error)
  }
}

export class SimNode {
  readonly name: string
  readonly account: AccountId
  readonly device: DeviceKey
  readonly hooks: NodeHooks
  readonly #random: SeededRandom
  readonly #schedule: Schedule
  database: Database
  store: Store
  delivery: Delivery
  isRunning = false
  process = 0
  readonly #ratchets: z.infer<typeof RatchetRow>[][] = []

  constructor(name: string, index: number, random: SeededRandom, schedule: Schedule, hooks: NodeHooks) {
    this.name = name
    this.#random = random
    this.#schedule = schedule
    this.hooks = hooks
    const key = Buffer.alloc(32, index + 1).toString('base64url')
    this.account = AccountId.parse(Buffer.alloc(32, index + 101).toString('base64url'))
    this.device = DeviceKey.parse(key)
    this.database = openDatabase(':memory:')
    const started = this.#start()
    this.store = started.store
    this.delivery = started.delivery
  }

  meet(other: SimNode): void {
    const accountKey = AccountKey.parse(other.account)
    this.store.contacts.insert({
      account: other.account,
      state: 'accepted',
      accountKey,
      displayName: other.name,
      addedAt: 0,
    })
    this.store.devices.upsert(
      { device: other.device, account: other.account, certificate: other.name, signalIdentity: 'none' },
      0,
    )
  }

  conversationWith(other: SimNode): ReturnType<typeof directConversationId> {
    return directConversationId(this.account, other.account)
  }

  /** The process ends this instant: what was committed stays, everything else is gone. */
  crash(): void {
    if (!this.isRunning) return
    this.isRunning = false
    this.#keepRatchets()
    this.database = reopen(this.database.serialize())
  }

  /** Between two runs of the process: the ratchets are lost, or fall back to what they were at an earlier crash. */
  damageRatchets(): void {
    if (this.isRunning) return
    const older = this.#ratchets[this.#random.below(this.#ratchets.length + 1)] ?? []
    this.database.exec('DELETE FROM ratchets')
    const insert = this.database.prepare('INSERT INTO ratchets (device, record) VALUES (?, ?)')
    for (const { device, record } of older) insert.run(device, record)
  }

  /** A prekey bundle of this device. */
  bundle(): ReturnType<ModelSealing['ownBundle']> {
    return this.sealing.ownBundle()
  }

  /** Sealing as this device does it, for tests that play it. */
  get sealing(): ModelSealing {
    return new ModelSealing(this.database, this.#random)
  }

  #keepRatchets(): void {
    this.#ratchets.push(z.array(RatchetRow).parse(this.database.prepare('SELECT device, record FROM ratchets').all()))
  }

  restart(): void {
    if (this.isRunning) return
    const { store, delivery } = this.#start()
    this.store = store
    this.delivery = delivery
  }

  /** Delivers bytes that arrived on a line of this process. */
  receive(line: SimLine, bytes: Uint8Array): void {
    if (!line.isAlive) return
    const frame = decodeFrame(bytes.subarray(4))
    if (frame === undefined || !isDeliveryFrame(frame)) return
    if (frame.type === TYPE.envelope) count(line.received, frame.id)
    this.delivery
      .receive(line, frame)
      .catch((error: unknown) => line.abort(error instanceof Error ? error : new Error(String(error))))
  }

  #start(): { store: Store; delivery: Delivery } {
    this.process += 1
    this.isRunning = true
    const process = this.process
    const isMe = (): boolean => this.isRunning && this.process === process
    const commits: GroupCommit = new GroupCommit(
      this.database,
      (error) => {
        throw error
      },
      (flush) => {
        this.#schedule.after(this.#random.below(3), () => {
          if (!isMe()) return
          if (this.hooks.shouldDie(this, 'before-commit')) return this.crash()
          flush()
          if (this.hooks.shouldDie(this, 'after-commit')) this.crash()
        })
      },
    )
    const store = new Store(this.database, commits)
    const delivery = new Delivery({
      store,
      me: { account: this.account, device: this.device },
      sealing: new ModelSealing(this.database, this.#random),
      locks: new DeviceLocks(),
      clock: {
        now: () => this.#schedule.now,
        after: (ms, callback) => this.#schedule.after(ms, () => isMe() && callback()),
      },
      events: {
        received: () => undefined,
        delivered: (range) => isMe() && this.hooks.onDelivered(this, range),
        sent: () => undefined,
        ended: () => undefined,
      },
      log: silent,
      mayServe: () => true,
      claimBundle: () => Promise.reject(new Error('there is no directory')),
      random: (size) => this.#random.bytes(size),
    })
    return { store, delivery }
  }
}

export function isDeliveryFrame(frame: Frame): frame is DeliveryFrame {
  return ![TYPE.hello, TYPE.ping, TYPE.pong, TYPE.bye, TYPE.app].some((type) => type === frame.type)
}

function reopen(bytes: Buffer): Database {
  const database = new Sqlite(bytes)
  database.pragma('foreign_keys = ON')
  return database
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
