// One device of the simulation: a store that survives, and a process that can die at any moment.
import { directConversationId } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, type ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import { encodeFrame, TYPE } from '@parley/shared/wire/frames.ts'
import { z } from 'zod'
import { Indexing } from '#conversation/indexing.ts'
import { MessageViews } from '#conversation/message-views.ts'
import { Reactions } from '#conversation/reactions.ts'
import { Revisions } from '#conversation/revisions.ts'
import { Delivery } from '#delivery/delivery.ts'
import type { DeliveryFrame, DeliveryLog, Line } from '#delivery/ports.ts'
import { DeviceLocks } from '#encryption/device-locks.ts'
import type { Database } from '#store/database.ts'
import { GroupCommit } from '#store/group-commit.ts'
import { Store } from '#store/store.ts'
import { indexedWords, shownWords } from '../../support/index-of-words.ts'
import { databaseOf, emptyDatabase, giveBack } from './databases.ts'
import { ModelSealing } from './model-sealing.ts'
import type { SeededRandom } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface NodeHooks {
  /** Called with every frame that leaves a live process. */
  onWire(from: SimNode, link: SimLine, frame: Uint8Array): void
  onDelivered(node: SimNode, range: { stream: number; from: number; to: number; account: AccountId }): void
  /** A message of the node ended without delivery. */
  onEnded?(node: SimNode, message: { stream: number; seq: number; account: AccountId }): void
  onSessionAbort(node: SimNode, line: SimLine, error: Error): void
  /** The process is there again and served nobody yet. */
  onStart?(node: SimNode): void
  /** True: the process dies now, right before (or after) its commit. */
  shouldDie(node: SimNode, moment: 'before-commit' | 'after-commit'): boolean
}

/** Whose device it is, and which one. */
export interface NodeIdentity {
  readonly name: string
  readonly account: number
  readonly device: number
}

const RatchetRow = z.object({ device: z.string(), record: z.custom<Buffer>((value) => Buffer.isBuffer(value)) })
const silent: DeliveryLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

const NO_CLOCK = { elapsedMs: () => 0, after: () => () => undefined }

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
  /** This device's clock against the true time. */
  clockOffsetMs = 0
  database: Database
  store: Store
  delivery: Delivery
  isRunning = false
  process = 0
  readonly #ratchets: z.infer<typeof RatchetRow>[][] = []

  /** `image`: a database that is copied, instead of an empty one. */
  constructor(identity: NodeIdentity, random: SeededRandom, schedule: Schedule, hooks: NodeHooks, image?: Buffer) {
    this.name = identity.name
    this.#random = random
    this.#schedule = schedule
    this.hooks = hooks
    this.account = AccountId.parse(Buffer.alloc(32, identity.account + 101).toString('base64url'))
    this.device = DeviceKey.parse(Buffer.alloc(32, identity.device + 1).toString('base64url'))
    this.database = image === undefined ? emptyDatabase() : databaseOf(image)
    const started = this.#start()
    this.store = started.store
    this.delivery = started.delivery
  }

  /** Gets to know a device, of another account or of its own; one that is not running learns it when it starts. */
  meet(other: SimNode): void {
    if (!this.isRunning || other.device === this.device) return
    const { account, device, name } = other
    if (account !== this.account) {
      const accountKey = AccountKey.parse(account)
      this.store.contacts.insert({ account, state: 'accepted', accountKey, displayName: name, addedAt: 0 })
    }
    this.store.devices.upsert({ device, account, certificate: name, signalIdentity: 'none' }, this.now)
  }

  get now(): number {
    return this.#schedule.now + this.clockOffsetMs
  }

  conversationWith(account: AccountId): ConversationId {
    return directConversationId(this.account, account)
  }

  /** The process ends this instant: what was committed stays, everything else is gone. Nothing writes but inside a commit. */
  crash(): void {
    if (!this.isRunning) return
    if (this.database.inTransaction) throw new Error('a commit is under way')
    this.isRunning = false
    this.#keepRatchets()
  }

  /** The whole profile as it is committed now. */
  image(): Buffer {
    return this.database.serialize()
  }

  /** Between two runs of the process: everything is as it was when the image was taken. */
  rollBack(image: Buffer): void {
    giveBack(this.database)
    this.database = databaseOf(image)
  }

  /** Nobody looks at it any more. */
  end(): void {
    this.isRunning = false
    giveBack(this.database)
  }

  /** Between two runs of the process: the ratchets are lost, or fall back to what they were at an earlier crash. */
  damageRatchets(): void {
    if (this.isRunning) return
    const older = this.#ratchets[this.#random.below(this.#ratchets.length + 1)] ?? []
    this.database.exec('DELETE FROM ratchets')
    const insert = this.database.prepare('INSERT INTO ratchets (device, record) VALUES (?, ?)')
    for (const { device, record } of older) insert.run(device, record)
  }

  /** Words of some messages go into the index, whatever else is under way. */
  indexSome(most: number): 'all' | 'more' {
    if (!this.isRunning || this.database.inTransaction) return 'more'
    const { store, revisions, views } = this.#shown()
    const indexing = new Indexing({ store, revisions, views, clock: NO_CLOCK, log: silent })
    return this.database.transaction(() => indexing.advance(most))()
  }

  /** What is in the index and should not be, and the other way round, once all is indexed. */
  wrongWords(): string[] {
    while (this.indexSome(1_000) === 'more');
    const held = new Set(indexedWords(this.store))
    const wanted = new Set(shownWords(this.store, this.#shown().views))
    return [
      ...[...held.difference(wanted)].map((word) => `too much: ${word}`),
      ...[...wanted.difference(held)].map((word) => `missing: ${word}`),
    ]
  }

  #shown(): { store: Store; revisions: Revisions; views: MessageViews } {
    const { store, account, device } = this
    const revisions = new Revisions(store)
    const contacts = { label: () => ({ name: 'somebody', isVerified: false }) }
    const me = { account, device }
    return {
      store,
      revisions,
      views: new MessageViews({ store, revisions, reactions: new Reactions(store), contacts, me }),
    }
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

  /** Serves the devices it knows, as a peer does when it starts. */
  restart(): void {
    if (this.isRunning) return
    const { store, delivery } = this.#start()
    this.store = store
    this.delivery = delivery
    this.hooks.onStart?.(this)
    for (const { device } of store.devices.all()) this.serve(device)
  }

  serve(device: DeviceKey): void {
    if (this.isRunning) this.delivery.serve(device).catch(ignore)
  }

  /** Takes a frame that arrived on a line of this process. */
  receive(line: SimLine, frame: DeliveryFrame): void {
    if (!line.isAlive) return
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
        now: () => this.now,
        after: (ms, callback) => this.#schedule.after(ms, () => isMe() && callback()),
      },
      events: {
        received: () => undefined,
        delivered: (range) => isMe() && this.hooks.onDelivered(this, range),
        sent: () => undefined,
        moved: () => undefined,
        noted: () => undefined,
        ended: (message) => this.hooks.onEnded?.(this, message),
      },
      log: silent,
      mayServe: () => true,
      claimBundle: () => Promise.reject(new Error('there is no directory')),
      random: (size) => this.#random.bytes(size),
    })
    delivery.outbox.deadlines.start()
    return { store, delivery }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function ignore(): void {}
