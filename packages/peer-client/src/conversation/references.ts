// How messages name each other: by where a message stood first, whether it is here or not.
import type { ConversationId, LocalMessageId } from '@parley/shared/ids.ts'
import { decodeMessage } from '@parley/shared/wire/message.ts'
import type { MessageReference } from '@parley/shared/wire/message-body.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** Names a message by where it stood first: so everybody names it alike, whatever epochs were closed since. */
export function referenceTo(store: Store, stream: StreamRow, seq: number): MessageReference {
  const { device, epoch } = stream
  const bytes = stream.follows === null ? undefined : store.messages.bytesAt(stream.id, seq)
  const origin = bytes && decodeMessage(bytes).origin
  // What another device issued first, before this one was restored from it, is named by where it stands here.
  const isOwn = origin !== undefined && store.streams.byEpoch(device, origin.epoch) !== undefined
  return isOwn ? { device, epoch: origin.epoch, seq: origin.seq } : { device, epoch, seq }
}

/** The message that is named, when it is here and in this conversation. */
export function referredTo(
  store: Store,
  of: MessageReference,
  conversation: ConversationId,
): LocalMessageId | undefined {
  const stream = store.streams.byEpoch(of.device, of.epoch)
  if (stream !== undefined && stream.conversation !== conversation) return undefined
  const isHeld = stream !== undefined && of.seq >= stream.base && of.seq <= stream.upTo
  return isHeld ? localIdOf(stream.tag, of.seq) : repeatOf(store, of, conversation)
}

/** The message came only after its epoch was closed, in the next one. */
function repeatOf(store: Store, of: MessageReference, conversation: ConversationId): LocalMessageId | undefined {
  const repeat = store.origins
    .repeatsOf(of)
    .find(({ stream, seq }) => store.streams.conversationOf(stream) === conversation && !store.hidden.has(stream, seq))
  return repeat && store.localIdAt(repeat)
}
