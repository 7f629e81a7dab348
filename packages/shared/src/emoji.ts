// One emoji, as a keyboard gives it: nothing else fits where a reaction is shown, however hostile its author is.
import { z } from 'zod'
import { MAX_EMOJI_CHARS } from '#limits.ts'

// A flag, a key cap, or a picture: with a skin tone, joined to others, and with the tags that make it the flag of a region. By its
// parts and not by a list, so that those which Unicode adds later are emoji already.
const ONE =
  /^(?:\p{RI}\p{RI}|[0-9#*]\ufe0f?\u20e3|\p{ExtPict}\ufe0f?\p{EMod}?(?:\u200d\p{ExtPict}\ufe0f?\p{EMod}?)*(?:[\u{e0020}-\u{e007e}]+\u{e007f})?)$/u

export const Emoji = z.string().max(MAX_EMOJI_CHARS).regex(ONE, 'one emoji')
export type Emoji = z.infer<typeof Emoji>

/** What is offered first to somebody who reacts, and what it is called. */
export const USUAL_REACTIONS: readonly { readonly emoji: Emoji; readonly name: string }[] = [
  { emoji: '👍', name: 'thumbs up' },
  { emoji: '❤️', name: 'heart' },
  { emoji: '😂', name: 'laughing' },
  { emoji: '🎉', name: 'party' },
  { emoji: '😮', name: 'surprised' },
  { emoji: '😢', name: 'sad' },
]
