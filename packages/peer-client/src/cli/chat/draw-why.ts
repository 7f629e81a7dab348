import type { Why } from '@parley/shared/local-api/messages.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { wrap } from '@parley/shared/terminal/text-width.ts'
import { exactTime, timeWithDay } from '@parley/shared/terminal/times.ts'
import { stateWords } from '../message-words.ts'
import { ATTEMPT_WORDS, inRuns, outcomeWords } from '../why-words.ts'
import { type Drawn, still } from './layer-lines.ts'
import { BLANK, type Line, type Look, paragraph, span } from './lines.ts'
import type { ChatState, Layer } from './state.ts'

export function drawWhy(
  state: ChatState,
  { why, from }: Extract<Layer, { type: 'why' }>,
  width: number,
  height: number,
  look: Look,
): Drawn {
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
