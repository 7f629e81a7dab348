// Content that stood in a closed epoch comes again in a new one, with its origin. Whoever holds both shows one of them, whichever
// came first: neither is there twice, and neither is missing.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { bodyHash } from '@parley/shared/hashes.ts'
import type { DeviceKey, Epoch } from '@parley/shared/ids.ts'
import { decodeStoredMessage, type Message, type Origin } from '@parley/shared/wire/message.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** Inside a transaction, when a position of the stream took its place: hides it when what it says is shown already. True then. */
export function hideRepeated(store: Store, stream: StreamRow, message: Message): boolean {
  const { origin, seq, kind, body } = message
  if (origin === undefined && store.origins.areNone) return false
  const hash = bodyHash(kind, body)
  // An origin that is not that of its own content would hide what was never shown.
  const isRepeat = origin !== undefined && isEqualBytes(hash, origin.bodyHash)
  const isShownThere = isRepeat && (isHeld(store, stream, origin) || hasShownRepeat(store, stream, origin, hash))
  // What comes late stood in an epoch that was closed; its repetition may have come before it.
  const isHidden = isShownThere || hasShownRepeat(store, stream, { epoch: stream.epoch, seq }, hash)
  if (isHidden) store.hidden.insert(stream.id, seq)
  if (origin !== undefined) store.origins.insert(origin, origin.bodyHash, { stream: stream.id, seq })
  return isHidden
}

/** The position itself, with this content. */
function isHeld(store: Store, stream: StreamRow, { epoch, seq, bodyHash: hash }: Origin): boolean {
  const first = store.streams.inConversation(stream.conversation, epoch)
  if (first === undefined || seq > first.upTo || !isOfOneAuthor(store, first.device, stream.device)) return false
  const bytes = store.messages.bytesAt(first.id, seq)
  if (bytes === undefined) return false
  const { kind, body } = decodeStoredMessage(bytes)
  return isEqualBytes(bodyHash(kind, body), hash)
}

function hasShownRepeat(
  store: Store,
  { conversation, device }: StreamRow,
  of: { readonly epoch: Epoch; readonly seq: number },
  hash: Uint8Array,
): boolean {
  return store.origins.repeatsOf(of).some((repeat) => {
    const stream = store.streams.byId(repeat.stream)
    if (stream?.conversation !== conversation || !isOfOneAuthor(store, stream.device, device)) return false
    return isEqualBytes(repeat.bodyHash, hash) && !store.hidden.has(repeat.stream, repeat.seq)
  })
}

/** A device repeats itself, or the one that it was restored from. */
function isOfOneAuthor(store: Store, one: DeviceKey, other: DeviceKey): boolean {
  const account = store.devices.get(one)?.account
  return one === other || (account !== undefined && account === store.devices.get(other)?.account)
}
