// What a peer that sends does in every benchmark: fill the outbox, wait for the ticks.
import type { Peer } from '@parley/peer-client'
import { MESSAGE_BYTES } from './flow.ts'

/** Callers that each send one message after the other, enough to keep the outbox full. */
const CALLERS = 512

export const TEXT = 'm'.repeat(MESSAGE_BYTES)

/** Sends to one peer for as long as `more` says so, and resolves with the ids once all are accepted. */
export async function sendMany(
  peer: Peer,
  to: string,
  more: () => boolean,
  { keepEvery = Number.POSITIVE_INFINITY, text = () => TEXT }: Pouring = {},
): Promise<Sent> {
  const ids: string[] = []
  let messages = 0
  const call = async () => {
    while (more()) {
      messages += 1
      const isKept = messages % keepEvery === 0
      const { id } = await peer.send(to, text())
      if (isKept) ids.push(id)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, call))
  return { messages, ids }
}

interface Pouring {
  /** Of so many messages one id is kept. */
  readonly keepEvery?: number
  readonly text?: () => string
}

export interface Sent {
  readonly messages: number
  /** Of every `keepEvery`th message. */
  readonly ids: readonly string[]
}

/** Resolves when each message that was accepted has its tick. */
export async function settled(peer: Peer): Promise<void> {
  const enough = new AbortController()
  const happenings = peer.happenings(enough.signal)
  try {
    if (peer.pending() === 0) return
    for await (const { kind } of happenings) {
      if (kind === 'delivered' && peer.pending() === 0) return
    }
  } finally {
    enough.abort()
  }
}
