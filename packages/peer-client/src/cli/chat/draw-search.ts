import type { SearchHit } from '@parley/shared/local-api/search.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { timeWithDay } from '@parley/shared/terminal/times.ts'
import { nameStyle } from '../message-words.ts'
import { type Drawn, failureLines, marked, typing } from './layer-lines.ts'
import { type Line, type Look, span } from './lines.ts'
import type { ChatState, Layer } from './state.ts'

export function drawSearch(
  state: ChatState,
  layer: Extract<Layer, { type: 'search' }>,
  width: number,
  height: number,
  look: Look,
): Drawn {
  const { box, hits, chosen, isEverywhere } = layer
  const where = isEverywhere || state.open === undefined ? 'everywhere' : `with ${printable(state.open.name)}`
  const lines = hits.flatMap((hit, at) => hitLines(hit, at === chosen, isEverywhere, state.now, look))
  return typing(
    `Search ${where}`,
    box,
    { lines, chosen, each: 2, none: insteadOfHits(layer, width) },
    width,
    height,
    look,
  )
}

function insteadOfHits({ box, answered, failed }: Extract<Layer, { type: 'search' }>, width: number): Line[] {
  const query = box.text.trim()
  if (query === '') return [[span('   Words that are in the message.', 'dim')]]
  const again = [span('   Enter tries again.', 'dim')]
  if (failed !== undefined) return [...failureLines(failed, width), again]
  return [[span(answered === query ? '   Nothing was found.' : '   Searching.', 'dim')]]
}

function hitLines(
  { message, snippet }: SearchHit,
  isChosen: boolean,
  isEverywhere: boolean,
  now: number,
  look: Look,
): Line[] {
  const { direction, account, sentAt } = message
  const other = printable(message.with)
  const who = direction === 'out' ? (isEverywhere ? `you to ${other}` : 'you') : other
  const style = direction === 'out' ? 'bold' : nameStyle(account)
  return [
    [marked(isChosen, look), span(who, style), span(`  ${timeWithDay(sentAt, now)}`, 'dim')],
    [span('   '), ...snippetSpans(snippet, look)],
  ]
}

function snippetSpans({ text, marks, isCutBefore, isCutAfter }: SearchHit['snippet'], { isUtf8 }: Look): Line {
  const more = isUtf8 ? '…' : '...'
  const spans = [span(isCutBefore ? more : '')]
  let at = 0
  for (const { from, to } of marks) {
    spans.push(span(onOneLine(text.slice(at, from))), span(onOneLine(text.slice(from, to)), 'yellow'))
    at = to
  }
  return [...spans, span(onOneLine(text.slice(at))), span(isCutAfter ? more : '')]
}

function onOneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, ' '))
}
