// How messages name each other: by where a message stood first, whether it is here or not.
import type { ConversationId, DeviceKey, LocalMessageId } from '@parley/shared/ids.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import type { MessageReference } from '@parley/shared/wire/message-body.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { Place } from '#store/reissues-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** Names a message by where it stood first: so everybody names it alike, whatever epochs were closed since. */
export function referenceTo(store: Store, stream: StreamRow, seq: number): MessageReference {
  const { device, epoch } = stream
  const bytes = stream.follows === null ? undefined : store.messages.bytesAt(stream.id, seq)
  const origin = bytes && decodeStoredMessage(bytes).origin
  // What another device issued first, before this one was restored from it, is named by where it stands here.
  const isOwn = origin !== undefined && store.streams.byEpoch(device, origin.epoch) !== undefined
  return isOwn ? { device, epoch: origin.epoch, seq: origin.seq } : { device, epoch, seq }
}

/** All by which this message may be named: where it stands, and where else its author's devices issued it. */
export function referencesTo(store: Store, stream: StreamRow, seq: number): MessageReference[] {
  const first = referenceTo(store, stream, seq)
  const others = twinsOf(store, { stream: stream.id, seq }).flatMap((twin) => {
    const at = store.streams.byId(twin.stream)
    return at === undefined ? [] : [{ device: at.device, epoch: at.epoch, seq: twin.seq }]
  })
  return [first, ...others.filter(({ epoch, seq: other }) => epoch !== first.epoch || other !== first.seq)]
}

/** The message that is named, when it is here and in this conversation: where it is shown, if it stands at several places. */
export function referredTo(
  store: Store,
  of: MessageReference,
  conversation: ConversationId,
): LocalMessageId | undefined {
  const stream = store.streams.byEpoch(of.device, of.epoch)
  if (stream !== undefined && stream.conversation !== conversation) return undefined
  const isHeld = stream !== undefined && of.seq >= stream.base && of.seq <= stream.upTo
  if (!isHeld) return repeatOf(store, of, conversation)
  const place = { stream: stream.id, seq: of.seq }
  const shown = store.hidden.has(place.stream, place.seq)
    ? twinsOf(store, place).find((twin) => !store.hidden.has(twin.stream, twin.seq))
    : undefined
  return shown === undefined ? localIdOf(stream.tag, of.seq) : store.localIdAt(shown)
}

/**
 * Other positions that stand for the same message: a profile that was set back, or restored as a new device, issued it again with its
 * origin. Of several that are here one is shown; that two which are both shown stand for one message is only said.
 */
export function twinsOf(store: Store, place: Place): Place[] {
  if (store.origins.areNone) return []
  const stream = store.streams.byId(place.stream)
  const bytes = store.messages.bytesAt(place.stream, place.seq)
  if (stream === undefined || bytes === undefined) return []
  const { epoch, seq } = decodeStoredMessage(bytes).origin ?? { epoch: stream.epoch, seq: place.seq }
  const first = store.streams.inConversation(stream.conversation, epoch)
  const places = [
    ...(first === undefined ? [] : [{ stream: first.id, seq }]),
    ...store.origins.repeatsOf({ epoch, seq }),
  ]
  return places.filter((other) => {
    const isOther = other.stream !== place.stream || other.seq !== place.seq
    return isOther && isOfOneAuthor(store, stream, other) && !areBothShown(store, place, other)
  })
}

function isOfOneAuthor(store: Store, { device, conversation }: StreamRow, { stream: id }: Place): boolean {
  const other = store.streams.byId(id)
  if (other?.conversation !== conversation) return false
  return other.device === device || accountOf(store, other.device) === accountOf(store, device)
}

/** This device is not among those that it knows. */
function accountOf(store: Store, device: DeviceKey): string | undefined {
  return store.meta.get('device') === device ? store.meta.get('account') : store.devices.get(device)?.account
}

function areBothShown(store: Store, one: Place, other: Place): boolean {
  return [one, other].every(
    ({ stream, seq }) => store.messages.bytesAt(stream, seq) !== undefined && !store.hidden.has(stream, seq),
  )
}

/** The message came only after its epoch was closed, in the next one. */
function repeatOf(store: Store, of: MessageReference, conversation: ConversationId): LocalMessageId | undefined {
  const repeat = store.origins
    .repeatsOf(of)
    .find(({ stream, seq }) => store.streams.conversationOf(stream) === conversation && !store.hidden.has(stream, seq))
  return repeat && store.localIdAt(repeat)
}
