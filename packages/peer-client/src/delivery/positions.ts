// What I hold of a device's streams, as claims: in acknowledgements, and in pages after each hello.
import { messageHash } from '@parley/shared/hashes.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import {
  MAX_CLAIM_RANGES,
  MAX_CLAIM_RANGES_PER_FRAME,
  MAX_CLAIMS_PER_FRAME,
  MAX_EARLY_MESSAGES,
} from '@parley/shared/limits.ts'
import { type Claim, type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** As many ranges beyond gaps as one frame has room for; the claims themselves are always whole. */
export function claimsOf(store: Store, streams: readonly StreamRow[]): Claim[] {
  let room = MAX_CLAIM_RANGES_PER_FRAME
  return streams.map((stream) => {
    const ranges = earlyRanges(store, stream, Math.min(room, MAX_CLAIM_RANGES))
    room -= ranges.length
    return {
      epoch: stream.epoch,
      upTo: stream.upTo,
      ...(stream.hash === null ? {} : { hash: stream.hash }),
      ...(ranges.length === 0 ? {} : { ranges }),
    }
  })
}

/** All of it, in pages; the last one says so. */
export function* positionsPages(store: Store, device: DeviceKey): Generator<FrameOf<5>> {
  const latest = store.devices.latestOpened(device)
  let after = 0
  while (true) {
    const streams = store.streams.ofDevice(device, after, MAX_CLAIMS_PER_FRAME)
    const isLast = streams.length < MAX_CLAIMS_PER_FRAME
    yield { type: TYPE.positions, streams: claimsOf(store, streams), latest, last: isLast }
    const end = streams.at(-1)
    if (isLast || end === undefined) return
    after = end.id
  }
}

function earlyRanges(
  store: Store,
  { id, upTo }: StreamRow,
  max: number,
): { from: number; to: number; hash: Uint8Array }[] {
  if (max === 0) return []
  const ranges: { from: number; to: number; bytes: Uint8Array }[] = []
  for (const { seq, bytes } of store.messages.early(id, upTo, MAX_EARLY_MESSAGES)) {
    const range = ranges.at(-1)
    if (range !== undefined && range.to === seq - 1) {
      range.to = seq
      range.bytes = bytes
    } else {
      if (ranges.length === max) break
      ranges.push({ from: seq, to: seq, bytes })
    }
  }
  return ranges.map(({ from, to, bytes }) => ({ from, to, hash: messageHash(bytes) }))
}
