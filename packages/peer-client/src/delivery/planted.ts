// What the faults of `planted-faults.ts` do where more than a line of code goes wrong. Nothing here runs unless a test planted it.
import { createHash } from 'node:crypto'
import { type DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { encodeBundle } from '@parley/shared/wire/bundle.ts'
import type { Claim } from '@parley/shared/wire/frames.ts'
import type { EnvelopeRow } from '#store/envelopes-table.ts'
import type { Store } from '#store/store.ts'
import type { Confirmation } from './claims.ts'
import type { Incoming } from './placing.ts'
import type { Me, Sealing } from './ports.ts'

/** counter-envelope-ids: the n-th envelope of a profile has the same id in every copy of it. */
export function countedEnvelopeId(store: Store, me: Me): EnvelopeId {
  const n = store.envelopes.count() + 1
  return EnvelopeId.parse(
    createHash('sha256').update(`${me.device} ${n}`).digest().subarray(0, 16).toString('base64url'),
  )
}

/** cursor-jumps-on-reseal */
export function jumpCursor(store: Store, stream: number, device: DeviceKey): void {
  const cursor = store.cursors.get(stream, device)
  if (cursor !== undefined) store.cursors.seal(stream, device, cursor.sealedTo, cursor.upTo)
}

/** confirm-by-envelope-id: inside a transaction. */
export function confirmEnvelope(store: Store, { n, device }: EnvelopeRow, at: number): Confirmation[] {
  const account = store.devices.get(device)?.account
  if (account === undefined) return []
  return store.envelopes.ranges(n).map((range) => {
    const load = store.deliveries.waiting(range.stream, account, range)
    store.deliveries.setDelivered(range.stream, account, range, device, at)
    return { ...range, account, load }
  })
}

/** resend-by-reencryption */
export async function reencrypted(store: Store, sealing: Sealing, { n, device }: EnvelopeRow): Promise<Uint8Array> {
  const ranges = store.envelopes.ranges(n)
  const messages = ranges
    .flatMap(({ stream, from, to }) => store.messages.range(stream, from, to))
    .map(({ bytes }) => bytes)
  const streams = ranges
    .flatMap(({ stream }) => store.streams.byId(stream) ?? [])
    .map(({ epoch, conversation, base }) => ({ epoch, conversation, base }))
  const { bytes, change } = await sealing.seal(device, encodeBundle({ streams, messages, control: [] }))
  await store.commits.run(() => change.apply())
  return bytes
}

/** acknowledge-before-commit: what the claims will be if nothing goes wrong. */
export function claimsAhead(
  streams: readonly { readonly epoch: Claim['epoch']; readonly incoming: readonly Incoming[] }[],
): Claim[] {
  return streams.flatMap(({ epoch, incoming }) => {
    const last = incoming.at(-1)
    return last === undefined ? [] : [{ epoch, upTo: last.seq, hash: last.hash }]
  })
}
