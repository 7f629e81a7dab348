// What the picker of reactions offers for what is typed in it.
import { Emoji, USUAL_REACTIONS } from '@parley/shared/emoji.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'

export interface Offer {
  readonly emoji: string
  /** Empty of an emoji that was typed. */
  readonly name: string
  /** It is what I said of the message: the same again takes it back. */
  readonly isMine: boolean
}

/** The usual ones, those of them that are called so, or the emoji itself; none for anything else. */
export function reactionsFor({ reactions }: MessageView, typed: string): Offer[] {
  const words = typed.trim().toLowerCase()
  const mine = reactions?.find(({ by }) => by.some(({ direction }) => direction === 'out'))?.emoji
  const emoji = Emoji.safeParse(words).data
  const offers =
    emoji === undefined
      ? USUAL_REACTIONS.filter(({ name }) => name.includes(words))
      : [USUAL_REACTIONS.find((usual) => usual.emoji === emoji) ?? { emoji, name: '' }]
  return offers.map((offer) => ({ ...offer, isMine: offer.emoji === mine }))
}
