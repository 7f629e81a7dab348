// Profiles on real files, with the real delivery core, joined by lines inside the process.
import { join } from 'node:path'
import { utf8 } from '@parley/shared/bytes.ts'
import { directConversationId } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, type LocalMessageId } from '@parley/shared/ids.ts'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame } from '@parley/shared/wire/frames.ts'
import { Delivery } from '#delivery/delivery.ts'
import type { DeliveryFrame, Line } from '#delivery/ports.ts'
import { DeviceLocks } from '#encryption/device-locks.ts'
import { openStore, type Store } from '#store/store.ts'
import { ModelSealing } from '../delivery/simulation/model-sealing.ts'
import { isDeliveryFrame } from '../delivery/simulation/network.ts'
import { SeededRandom } from '../delivery/simulation/random.ts'

interface ProfileChoice {
  readonly name: string
  /** Tells devices and accounts apart: one byte each. */
  readonly device: number
  readonly account: number
  readonly directory: string
}

export class TestProfile {
  readonly name: string
  readonly path: string
  readonly device: DeviceKey
  readonly account: AccountId
  readonly store: Store
  readonly delivery: Delivery
  readonly failures: unknown[] = []
  #waiting: (() => void)[] = []

  constructor({ name, device, account, directory }: ProfileChoice) {
    this.name = name
    this.path = join(directory, `${name}.db`)
    this.device = DeviceKey.parse(Buffer.alloc(32, device).toString('base64url'))
    this.account = AccountId.parse(Buffer.alloc(32, account).toString('base64url'))
    this.store = openStore(this.path, (error) => this.failures.push(error))
    this.store.meta.set('device', this.device)
    this.store.meta.set('account', this.account)
    const random = new SeededRandom(device)
    this.delivery = new Delivery({
      store: this.store,
      me: { account: this.account, device: this.device },
      sealing: new ModelSealing(this.store.database, random),
      locks: new DeviceLocks(),
      clock: { now: () => 1_700_000_000_000, after: () => () => undefined },
      events: {
        received: () => undefined,
        delivered: () => this.#wake(),
        sent: () => undefined,
        moved: () => undefined,
        noted: () => undefined,
        ended: () => undefined,
      },
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (fields, event) => this.failures.push([event, fields]),
        error: (fields, event) => this.failures.push([event, fields]),
      },
      mayServe: () => true,
      claimBundle: () => Promise.reject(new Error('there is no directory')),
      random: (size) => random.bytes(size),
    })
  }

  meet(other: TestProfile): void {
    if (other.account !== this.account) {
      const accountKey = AccountKey.parse(other.account)
      this.store.contacts.insert({
        account: other.account,
        state: 'accepted',
        accountKey,
        displayName: other.name,
        addedAt: 0,
      })
    }
    const { device, account, name } = other
    this.store.devices.upsert({ device, account, certificate: name, signalIdentity: 'none' }, 0)
  }

  async send(to: TestProfile, text: string): Promise<LocalMessageId> {
    const conversation = directConversationId(this.account, to.account)
    const body = utf8(text)
    const draft = { conversation, recipients: [to.account], kind: 'text', critical: true, body, priority: 1 as const }
    const { localId } = await this.delivery.send(draft)
    return localId
  }

  /** Resolves when nothing waits and every device has confirmed all that it is meant to get. */
  async settled(): Promise<void> {
    while (this.#isOwing()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
      if (this.failures.length > 0) throw new Error(`${this.name}: ${JSON.stringify(this.failures)}`)
    }
  }

  /** A frame was handled, or a delivery confirmed: those who wait may look again. */
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async receive(line: Line, frame: DeliveryFrame): Promise<void> {
    try {
      await this.delivery.receive(line, frame)
    } catch (error) {
      this.failures.push(String(error))
    }
    this.#wake()
  }

  #isOwing(): boolean {
    const owed = this.store.database
      .prepare<[], number>(
        'SELECT count(*) FROM cursors c JOIN streams s ON s.id = c.stream WHERE c.confirmed_to < s.up_to',
      )
      .pluck()
      .get()
    return owed !== 0
  }

  async close(): Promise<void> {
    await this.delivery.stop()
    this.store.close()
  }
}

class PairedLine implements Line {
  readonly device: DeviceKey
  readonly path = 'memory'
  readonly #to: TestProfile
  peer: PairedLine | undefined
  isOpen = true

  constructor(to: TestProfile) {
    this.#to = to
    this.device = to.device
  }

  send(frame: DeliveryFrame): boolean {
    const { peer } = this
    if (!this.isOpen || peer === undefined) return false
    const bytes = encodeFrame(frame)
    setImmediate(() => {
      const decoded = decodeFrame(bytes.subarray(4))
      if (peer.isOpen && decoded !== undefined && isDeliveryFrame(decoded)) void this.#to.receive(peer, decoded)
    })
    return true
  }

  abort(error: Error): void {
    this.#to.failures.push(String(error))
  }
}

/** A session between two profiles; the returned function ends it. */
export function connect(one: TestProfile, other: TestProfile): () => void {
  const [line, back] = [new PairedLine(other), new PairedLine(one)]
  line.peer = back
  back.peer = line
  one.delivery.attach(line)
  other.delivery.attach(back)
  return () => {
    for (const end of [line, back]) end.isOpen = false
    one.delivery.detach(line)
    other.delivery.detach(back)
  }
}
