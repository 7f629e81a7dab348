// What lies on top of the conversation, in its place.
import type { Why } from '@parley/shared/local-api/messages.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit } from '@parley/shared/local-api/search.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { shorten, wrap } from '@parley/shared/terminal/text-width.ts'
import { exactTime, timeWithDay } from '@parley/shared/terminal/times.ts'
import { nameStyle, stateWords } from '../message-words.ts'
import { ATTEMPT_WORDS, inRuns, outcomeWords } from '../why-words.ts'
import { type Choice, choicesOf } from './choices.ts'
import { trustLines } from './draw-trust.ts'
import { KEY_ROWS } from './key-rows.ts'
import { boxRows, type Layout, PROMPT } from './layout.ts'
import { BLANK, type Line, type Look, paragraph, span } from './lines.ts'
import type { ChatState, Layer } from './state.ts'
import type { TextBox } from './text-box.ts'

type Of<T extends Layer['type']> = Extract<Layer, { type: T }>

interface Drawn {
  readonly lines: readonly Line[]
  readonly cursor: { readonly x: number; readonly y: number } | undefined
}

export function drawLayer(state: ChatState, { mainColumns: width, bodyRows: height }: Layout, look: Look): Drawn {
  const { layer } = state
  switch (layer?.type) {
    case 'keys':
      return still('Keys', keyLines(width, look), width, height, look)
    case 'palette': {
      const choices = choicesOf(state, layer)
      const chosen = Math.min(layer.chosen, choices.length - 1)
      const lines = choices.map((choice, at) => choiceLine(choice, at === chosen, look))
      const none = [span('   Nobody here or in the directory is called so.', 'dim')]
      return typing('Go to: a name, or what to do', layer.box, { lines, chosen, each: 1, none }, width, height, look)
    }
    case 'search':
      return drawSearch(state, layer, width, height, look)
    case 'why':
      return drawWhy(state, layer, width, height, look)
    case 'trust':
      return still(
        `The key of ${printable(layer.partner.name)}`,
        trustLines(layer, width, state.now),
        width,
        height,
        look,
      )
    case 'delete':
      return still(
        layer.isHereOnly ? 'Hide this message?' : 'Delete this message?',
        deleteLines(layer, width),
        width,
        height,
        look,
      )
    case undefined:
      return { lines: [], cursor: undefined }
  }
}

function titled(title: string, width: number, { isUtf8 }: Look): Line[] {
  return [[span(` ${title}`, 'bold')], [span((isUtf8 ? '─' : '-').repeat(width), 'dim')]]
}

function still(title: string, lines: readonly Line[], width: number, height: number, look: Look): Drawn {
  return { lines: [...titled(title, width, look), ...lines].slice(0, height), cursor: undefined }
}

interface Offered {
  readonly lines: readonly Line[]
  readonly chosen: number
  /** So many lines belong together. */
  readonly each: number
  readonly none: Line
}

/** A box, and below it what there is for the words in it. */
function typing(title: string, box: TextBox, offered: Offered, width: number, height: number, look: Look): Drawn {
  const { rows, x } = boxRows(box, Math.max(1, width - PROMPT.length), 1)
  const head = [...titled(title, width, look), [span(PROMPT, 'cyan'), span(rows[0] ?? '')], BLANK]
  const room = Math.max(1, height - head.length)
  const { lines, chosen, each, none } = offered
  const end = (chosen + 1) * each
  const from = Math.max(0, Math.min(end - Math.ceil(room / 2), lines.length - room))
  const shown = lines.length === 0 ? [none] : lines.slice(from, from + room)
  return { lines: [...head, ...shown], cursor: { x: PROMPT.length + x, y: head.length - 2 } }
}

function marked(isChosen: boolean, { isUtf8 }: Look): Line[number] {
  return span(isChosen ? (isUtf8 ? ' › ' : ' > ') : '   ', 'cyan')
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

function drawSearch(state: ChatState, layer: Of<'search'>, width: number, height: number, look: Look): Drawn {
  const { box, hits, chosen, answered, isEverywhere } = layer
  const where = isEverywhere || state.open === undefined ? 'everywhere' : `with ${printable(state.open.name)}`
  const lines = hits.flatMap((hit, at) => hitLines(hit, at === chosen, isEverywhere, state.now, look))
  const query = box.text.trim()
  const words =
    query === '' ? 'Words that are in the message.' : answered === query ? 'Nothing was found.' : 'Searching.'
  return typing(
    `Search ${where}`,
    box,
    { lines, chosen, each: 2, none: [span(`   ${words}`, 'dim')] },
    width,
    height,
    look,
  )
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

function drawWhy(state: ChatState, { why, from }: Of<'why'>, width: number, height: number, look: Look): Drawn {
  const title = 'Where this message is'
  if (why === undefined) return still(title, [[span('   One moment.', 'dim')]], width, height, look)
  const lines = whyLines(why, width - 2, state.now, look)
  const first = Math.max(0, Math.min(from, lines.length - (height - 2)))
  return still(title, lines.slice(first), width, height, look)
}

const QUOTED_ROWS = 3

function whyLines({ message, summary, next, attempts }: Why, width: number, now: number, look: Look): Line[] {
  const state = stateWords(look, message)
  const way = `${message.direction === 'out' ? 'to' : 'from'} ${printable(message.with)}, ${timeWithDay(message.sentAt, now)}`
  const texts = printableLines(message.text).flatMap((line) => wrap(line, width - 2))
  const runs = inRuns(attempts.toSorted((a, b) => b.at - a.at))
  return [
    [span(state === undefined ? ' ' : ` ${state.text}  `, state?.style), span(way, 'dim')],
    ...texts.slice(0, QUOTED_ROWS).map((text): Line => [span('  '), span(text, 'dim')]),
    BLANK,
    ...paragraph(next, width, 'bold'),
    ...paragraph(summary, width),
    BLANK,
    ...(runs.length === 0 ? [] : [[span(' What was tried, the newest first:', 'dim')]]),
    ...runs.flatMap((run): Line[] => {
      const { at, what, path } = run.last
      const words = [ATTEMPT_WORDS[what], path ?? '', outcomeWords(run)].filter((word) => word !== '').join('  ')
      const [first = '', ...rest] = wrap(printable(words), width - TIME_COLUMNS)
      return [
        [span(` ${exactTime(at)}  `, 'dim'), span(first)],
        ...rest.map((line): Line => [span(' '.repeat(TIME_COLUMNS)), span(line)]),
      ]
    }),
  ]
}

const TIME_COLUMNS = ' hh:mm:ss  '.length

function deleteLines({ message, isHereOnly }: Of<'delete'>, width: number): Line[] {
  const isHere = message.state === 'queued'
  return [
    ...printableLines(message.text)
      .slice(0, QUOTED_ROWS)
      .map((line): Line => [span('   '), span(shorten(line, width - 4, '~'), 'dim')]),
    BLANK,
    ...paragraph(
      isHereOnly
        ? 'It is shown no more on this device. The other side keeps it.'
        : isHere
          ? 'It has not left this machine: nobody ever sees it.'
          : `${printable(message.with)} is asked to show it no more. Whoever read it has read it.`,
      width,
    ),
    BLANK,
    ...paragraph(
      isHereOnly ? 'y hides it, any other key keeps it.' : 'y deletes it, any other key keeps it.',
      width,
      'bold',
    ),
  ]
}

const MIN_MEANING_COLUMNS = 16

function keyLines(width: number, { isUtf8 }: Look): Line[] {
  const wide = Math.max(...KEY_ROWS.map(([keys]) => keys.length))
  const shapes = ['queued', 'sent', 'delivered', 'read'] as const
  const states = shapes.map((state) => {
    const words = stateWords({ isUtf8 }, { state })
    return words?.text ?? ''
  })
  return [
    ...KEY_ROWS.flatMap(([keys, meaning]) =>
      wrap(meaning, Math.max(MIN_MEANING_COLUMNS, width - wide - 3)).map(
        (line, row): Line => [span(` ${(row === 0 ? keys : '').padEnd(wide)}  `, 'cyan'), span(line)],
      ),
    ),
    [span(` ${states.join('  ')}`, 'dim')],
  ]
}
