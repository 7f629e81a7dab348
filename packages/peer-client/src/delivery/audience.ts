// Which devices a stream of mine is meant for, and from where on.
import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Claim } from '@parley/shared/wire/frames.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { isTrueClaim } from './claims.ts'
import type { Me } from './ports.ts'

/** Inside a transaction: a cursor for each of my open streams that the device is meant to get and has none of. */
export function addCursors(store: Store, me: Me, device: DeviceKey): void {
  for (const stream of store.streams.allOpen(me.device)) addCursor(store, me, stream, device)
}

/** Inside a transaction: a device that is new to the stream begins with the first position that its account does not have. */
function addCursor(store: Store, me: Me, stream: StreamRow, device: DeviceKey): void {
  const row = store.devices.get(device)
  if (row?.state !== 'active' || stream.closed !== 0 || store.cursors.get(stream.id, device) !== undefined) return
  const next = nextOwed(store, me, stream, row.account)
  if (next !== undefined) store.cursors.insert(stream.id, device, next)
}

/**
 * Inside a transaction: a device that was restored from a copy, and says truly what it holds, goes on from there, when that is below
 * where it would begin.
 */
export function followRestored(store: Store, me: Me, stream: StreamRow, device: DeviceKey, claim: Claim): void {
  addCursor(store, me, stream, device)
  const cursor = store.cursors.get(stream.id, device)
  if (cursor !== undefined && claim.upTo < cursor.base - 1 && isTrueClaim(store, stream, claim))
    store.cursors.lowerBase(stream.id, device, claim.upTo + 1)
}

/** The first position that the account is to get; undefined when the stream is not for it. My own devices get what comes from now on. */
function nextOwed(store: Store, me: Me, { id, upTo }: StreamRow, account: string): number | undefined {
  if (account === me.account) return upTo + 1
  const recipient = store.deliveries.accountsOf(id).find((one) => one === account)
  return recipient === undefined ? undefined : (store.deliveries.lowestOpen(id, recipient) ?? upTo + 1)
}
