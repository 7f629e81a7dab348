// A conversation as rows of a given width, from top to bottom: days, the line above what is new, and messages in groups.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { shorten, wrap } from '@parley/shared/terminal/text-width.ts'
import { clockTime, dayOf } from '@parley/shared/terminal/times.ts'
import { inOrder } from '../entries.ts'
import { nameStyle, quoteLine, reactionsLine, stateWords, textLines } from '../message-words.ts'
import { type Line, type Look, lineWidth, type Span, span } from './lines.ts'
import type { Outgoing } from './state.ts'
import type { Thread } from './thread.ts'

export interface Row {
  readonly line: Line
  /** The message that it belongs to, and the how manieth of its rows it is. */
  readonly id: string | undefined
  readonly row: number
}

export interface RowsOptions {
  readonly width: number
  readonly look: Look
  readonly now: number
  readonly unfolded: ReadonlySet<string>
  /** What of this conversation is not with the daemon yet. */
  readonly outgoing: readonly Outgoing[]
}

const GROUP_MS = 5 * 60_000
/** Room for the mark of the chosen message, for the shape of the state, and a space. */
const MARGIN = 3
const MAX_FOLDED_ROWS = 30
/** Shown of a folded message. */
const FOLDED_ROWS = 24

export function threadRows({ messages, notes, unreadFrom }: Thread, options: RowsOptions): Row[] {
  const { width, look, now } = options
  const rows: Row[] = []
  const lastOfMine = messages.findLast(({ direction }) => direction === 'out')?.id
  let before: MessageView | undefined
  let day = ''
  for (const entry of inOrder(messages, notes)) {
    const today = dayOf('id' in entry ? entry.sentAt : entry.at, now)
    const isNewDay = today !== day
    if (isNewDay) rows.push(rule(today, width, look))
    day = today
    if (!('id' in entry)) {
      rows.push(...noteLines(entry, width).map((line) => ({ line, id: undefined, row: 0 })))
      before = undefined
      continue
    }
    const message = entry
    const isNew = message.id === unreadFrom
    if (isNew) rows.push(rule('New', width, look, 'yellow'))
    const isFirst = isNewDay || isNew || !belong(before, message)
    if (isFirst && !isNewDay && !isNew) rows.push({ line: [], id: undefined, row: 0 })
    for (const [row, line] of messageLines(message, isFirst, message.id === lastOfMine, options).entries()) {
      rows.push({ line, id: message.id, row })
    }
    before = message
  }
  for (const { key, text } of options.outgoing) {
    const lines = wrapped(printableLines(text), width)
    for (const [row, line] of lines.entries()) {
      const shape = row === 0 ? (look.isUtf8 ? '…' : '.') : ' '
      rows.push({ line: [span(` ${shape} `, 'dim'), span(line, 'dim')], id: key, row })
    }
    rows.push({ line: [span('   not with your peer yet', 'yellow')], id: key, row: lines.length })
  }
  return rows
}

function noteLines({ at, level, text }: Note, width: number): Line[] {
  const time = ` ${clockTime(at)}  `
  const style = level === 'warn' ? 'yellow' : 'dim'
  return wrap(printable(text), Math.max(1, width - time.length)).map(
    (line, row): Line => [span(row === 0 ? time : ' '.repeat(time.length), 'dim'), span(line, style)],
  )
}

function belong(a: MessageView | undefined, b: MessageView): boolean {
  return a !== undefined && a.direction === b.direction && Math.abs(b.sentAt - a.sentAt) <= GROUP_MS
}

function rule(words: string, width: number, { isUtf8 }: Look, style: Span['style'] = 'dim'): Row {
  const dash = isUtf8 ? '─' : '-'
  const head = `${dash}${dash} ${words} `
  return { line: [span(head + dash.repeat(Math.max(0, width - head.length)), style)], id: undefined, row: 0 }
}

function messageLines(
  message: MessageView,
  isFirst: boolean,
  isLastOfMine: boolean,
  { width, look, unfolded }: RowsOptions,
): Line[] {
  const lines: Line[] = []
  const { direction, sentAt, account } = message
  if (isFirst) {
    const name = direction === 'out' ? 'you' : printable(message.with)
    const style = direction === 'out' ? 'bold' : nameStyle(account)
    lines.push([span(' '), span(name, style), span(`  ${clockTime(sentAt)}`, 'dim')])
  }
  const quote = quoteLine(look, message)
  const margin = ' '.repeat(MARGIN)
  if (quote !== undefined) {
    lines.push([span(margin), span(shorten(quote, width - MARGIN, look.isUtf8 ? '…' : '~'), 'dim')])
  }
  const isWhole = unfolded.has(message.id)
  const all = brokenText(message, width)
  const texts = isWhole || all.length <= MAX_FOLDED_ROWS ? all : all.slice(0, FOLDED_ROWS)
  const state = stateWords(look, message)
  for (const [row, text] of texts.entries()) {
    const head = row === 0 && state !== undefined ? span(` ${state.shape} `, state.style) : span(margin)
    lines.push([head, span(text, message.deleted === undefined && message.kind === 'text' ? undefined : 'dim')])
  }
  const word = stateWord(message, isLastOfMine, look)
  if (word !== undefined) {
    const last = lines.at(-1) ?? []
    const room = width - lineWidth(last) - 2
    if (room >= word.text.length) lines[lines.length - 1] = [...last, span('  '), word]
    else lines.push([span(margin), word])
  }
  if (texts.length < all.length) {
    lines.push([span(`${margin}${all.length - texts.length} more lines: choose it with Tab, then Space`, 'dim')])
  }
  const reactions = reactionsLine(message)
  if (reactions !== undefined) lines.push([span(margin), span(reactions, 'dim')])
  return lines
}

/** Where a shape alone would leave a question: at the newest message, and wherever something is to be known. */
function stateWord(message: MessageView, isLastOfMine: boolean, look: Look): Span | undefined {
  const state = stateWords(look, message)
  if (state === undefined) return undefined
  const isUsual = ['queued', 'sent', 'delivered', 'read'].includes(message.state ?? '') && message.hold === undefined
  if (isUsual && !isLastOfMine) return undefined
  return span(state.text.slice(state.shape.length + 1), isUsual ? 'dim' : state.style)
}

/** As they were broken last: every key draws the screen again, and a text of 64 KiB takes its time. */
const broken = new WeakMap<MessageView, { readonly width: number; readonly lines: readonly string[] }>()

function brokenText(message: MessageView, width: number): readonly string[] {
  const known = broken.get(message)
  if (known?.width === width) return known.lines
  const lines = wrapped(textLines(message), width)
  broken.set(message, { width, lines })
  return lines
}

function wrapped(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => wrap(line, Math.max(1, width - MARGIN)))
}
