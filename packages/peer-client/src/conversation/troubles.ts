// What a conversation cannot show as it should be: messages that have not come while later ones have, and devices that contradicted
// themselves.
import type { ConversationId } from '@parley/shared/ids.ts'
import type { ConversationTroubles } from '@parley/shared/local-api/messages.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** Of more contradictions than this only the number is told. */
const MAX_FORKS_TOLD = 16

/** Undefined when all is as it should be, which is nearly always. */
export function troublesOf(store: Store, conversation: ConversationId): ConversationTroubles | undefined {
  let [missing, waiting, forkCount] = [0, 0, 0]
  const forks: ConversationTroubles['forks'] = []
  for (const stream of store.streams.ofConversation(conversation)) {
    const gap = gapIn(store, stream)
    missing += gap.missing
    waiting += gap.waiting
    for (const { seq, bytes, seenAt } of store.forks.ofStream(stream)) {
      forkCount += 1
      if (forks.length >= MAX_FORKS_TOLD) continue
      const isShown = seq >= stream.base && seq <= stream.upTo
      forks.push({
        device: stream.device,
        at: seenAt,
        text: otherText(bytes),
        ...(isShown ? { about: localIdOf(stream.tag, seq) } : {}),
      })
    }
  }
  return missing + waiting + forkCount === 0 ? undefined : { missing, waiting, forkCount, forks }
}

/** Between what is shown of a stream and the first that came too early. My own have none. */
function gapIn(store: Store, { id, upTo, frozenTo }: StreamRow): { missing: number; waiting: number } {
  // Of a stream of mine whatever lies beyond is not there either.
  const [first] = frozenTo === upTo ? store.messages.early(id, upTo, 1) : []
  if (first === undefined) return { missing: 0, waiting: 0 }
  return { missing: first.seq - upTo - 1, waiting: store.messages.countEarly(id, upTo) }
}

/** Empty when it was no text, or only its hash was told. */
function otherText(bytes: Uint8Array): string {
  if (bytes.length === 0) return ''
  try {
    const { kind, body } = decodeStoredMessage(bytes)
    return kind === TEXT_KIND ? Buffer.from(body).toString('utf8') : ''
  } catch {
    return ''
  }
}
