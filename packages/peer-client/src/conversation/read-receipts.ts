// Who has read how far. Off until the user turns them on, and then both ways: receipts go to contacts and to nobody else, and those
// of others show as `read`. Without them my own marks stay on my devices.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { readMarks } from '@parley/shared/wire/message-body.ts'
import type { PlacedMessage } from '#delivery/placing.ts'
import type { Store } from '#store/store.ts'
import type { Happening } from './conversations.ts'
import type { Feed } from './feed.ts'

export interface ReadReceiptsDeps {
  readonly store: Store
  readonly me: { readonly account: AccountId; readonly device: DeviceKey }
  readonly happenings: Feed<Happening>
  readonly now: () => number
}

const KEY = 'read-receipts'

export class ReadReceipts {
  readonly #deps: ReadReceiptsDeps

  constructor(deps: ReadReceiptsDeps) {
    this.#deps = deps
  }

  get isOn(): boolean {
    return this.#deps.store.meta.get(KEY) === 'on'
  }

  async turn(state: 'on' | 'off'): Promise<void> {
    const { store } = this.#deps
    await store.commits.run(() => store.meta.set(KEY, state))
  }

  /** Inside a transaction: somebody, or another device of mine, says how far he has read. */
  record(reader: AccountId, { stream: said, body }: PlacedMessage): void {
    const { store, me, now } = this.#deps
    if (reader !== me.account && !this.isOn) return
    for (const { device, epoch, upTo } of readMarks(body) ?? []) {
      const stream = store.streams.byEpoch(device, epoch)
      // What I do not hold myself, or never sent, nobody can have read; and nobody marks what another wrote to somebody else.
      if (stream?.conversation !== said.conversation || upTo > stream.upTo) continue
      if ((device === me.device) === (reader === me.account)) continue
      const before = store.readMarks.upTo(stream.id, reader)
      if (!store.readMarks.raise(stream.id, reader, upTo, now()) || reader === me.account) continue
      this.#show({ stream: stream.id, from: before + 1, to: upTo }, reader)
    }
  }

  /** A receipt may come before the claim that delivers: what it spoke of is read as soon as it is delivered. */
  async delivered(stream: number, from: number, to: number, account: AccountId): Promise<void> {
    const { store } = this.#deps
    const upTo = Math.min(to, store.readMarks.upTo(stream, account))
    if (upTo >= from) await store.commits.run(() => this.#show({ stream, from, to: upTo }, account))
  }

  /** Inside a transaction. */
  #show(range: { stream: number; from: number; to: number }, account: AccountId): void {
    const { store, happenings, now } = this.#deps
    const { stream, ...positions } = range
    const at = now()
    store.deliveries.setRead(stream, account, positions, at)
    store.events.insert({ kind: 'read', at, ...range, account })
    // After the commit; one that fails shows nothing new to whoever looks then.
    queueMicrotask(() => happenings.publish({ kind: 'read', ...range }))
  }
}
