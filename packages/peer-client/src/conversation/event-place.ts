// Where in the log of events somebody reads: behind a position of an event, written as a text for programs.
import { ConversationError } from './conversation-error.ts'

/** Behind a position of an event. */
export interface EventPlace {
  readonly event: number
  readonly seq: number
}

export const BEGINNING: EventPlace = { event: 0, seq: 0 }
export const END_OF_EVENT = Number.MAX_SAFE_INTEGER

export function formatPlace({ event, seq }: EventPlace): string {
  return `${event}.${seq}`
}

/** Throws ConversationError `bad-place`. */
export function parsePlace(text: string): EventPlace {
  const [, event, seq] = /^(\d{1,15})\.(\d{1,16})$/.exec(text) ?? []
  if (event === undefined || seq === undefined || !Number.isSafeInteger(Number(seq)))
    throw new ConversationError('bad-place', `"${text}" is not a place in what was received`)
  return { event: Number(event), seq: Number(seq) }
}
