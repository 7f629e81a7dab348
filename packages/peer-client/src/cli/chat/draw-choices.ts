import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { nameStyle } from '../message-words.ts'
import { type Choice, choicesOf } from './choices.ts'
import { type Drawn, failureLines, marked, typing } from './layer-lines.ts'
import { type Line, type Look, span } from './lines.ts'
import { reactionsFor } from './reactions.ts'
import type { ChatState, Layer } from './state.ts'

type Of<T extends Layer['type']> = Extract<Layer, { type: T }>

export function drawPalette(state: ChatState, layer: Of<'palette'>, width: number, height: number, look: Look): Drawn {
  const choices = choicesOf(state, layer)
  const chosen = Math.min(layer.chosen, choices.length - 1)
  const lines = choices.map((choice, at) => choiceLine(choice, at === chosen, look))
  const { failed } = layer
  const about = failed === undefined ? [] : failureLines(failed, width)
  const instead = failed === undefined ? 'Nobody here or in the directory is called so.' : 'Enter tries again.'
  const none = [[span(`   ${instead}`, 'dim')]]
  return typing('Go to: a name, or what to do', layer.box, { lines, chosen, each: 1, about, none }, width, height, look)
}

function choiceLine(choice: Choice, isChosen: boolean, look: Look): Line {
  const mark = marked(isChosen, look)
  switch (choice.type) {
    case 'conversation': {
      const { partner, isOnline, unread } = choice
      const words = [...(isOnline ? ['online'] : []), ...(unread > 0 ? [`${unread} unread`] : [])]
      return [mark, span(printable(partner.name), nameStyle(partner.account)), span(`  ${words.join(', ')}`, 'dim')]
    }
    case 'person':
      return [
        mark,
        span(printable(choice.partner.name), nameStyle(choice.partner.account)),
        span(`  ${personWords(choice.user)}`, 'dim'),
      ]
    case 'action':
      return [mark, span(printable(choice.words))]
  }
}

function personWords({ name, displayName, status, statusText = '' }: FoundUser): string {
  return [displayName === name ? '' : displayName, status, statusText]
    .filter((words) => words !== '')
    .map(printable)
    .join(', ')
}

/** A few, and whatever else is typed: every system has its own way to type them. */
export function drawReact({ message, box, chosen }: Of<'react'>, width: number, height: number, look: Look): Drawn {
  const lines = reactionsFor(message, box.text).map(({ emoji, name, isMine }, at): Line => {
    const words = isMine ? `${name}  yours: Enter takes it back` : name
    return [marked(at === chosen, look), span(look.isUtf8 || name === '' ? `${emoji}  ` : ''), span(words, 'dim')]
  })
  const none = [[span('   A reaction is one emoji.', 'dim')]]
  return typing('React: choose, or type an emoji', box, { lines, chosen, each: 1, none }, width, height, look)
}
