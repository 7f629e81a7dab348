import type { MessageState, MessageView } from '@parley/shared/local-api/messages.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Happening } from './conversations.ts'
import { type Feed, type FeedReader, FellBehindError } from './feed.ts'

export interface Awaited {
  /** Where it stands now. */
  readonly row: () => MessageRow | undefined
  /** As it is now. */
  readonly view: () => MessageView
}

const RANK: Record<MessageState, number> = {
  queued: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  cancelled: 4,
  expired: 4,
  refused: 4,
}

/** Resolves when the message reached the state, ended, is held for the user's decision, or the signal aborted. */
export async function waitForState(
  { row, view }: Awaited,
  state: 'sent' | 'delivered',
  happenings: Feed<Happening>,
  signal: AbortSignal,
): Promise<MessageView> {
  while (!signal.aborted) {
    using happened = happenings.read(signal)
    const [message, at] = [view(), row()]
    if (isSettled(message, state)) return message
    await happenedTo(happened, at)
  }
  return view()
}

/** Resolves when something happened to the message, or may have, or the reader ends. */
async function happenedTo(happened: FeedReader<Happening>, row: MessageRow | undefined): Promise<void> {
  try {
    for await (const { stream, from, to } of happened) {
      if (stream === row?.stream && row.seq >= from && row.seq <= to) return
    }
  } catch (error) {
    if (!(error instanceof FellBehindError)) throw error
  }
}

function isSettled({ state, hold }: MessageView, wanted: 'sent' | 'delivered'): boolean {
  if (state === undefined || hold === 'blocked-key-change') return true
  return RANK[state] >= RANK[wanted]
}
