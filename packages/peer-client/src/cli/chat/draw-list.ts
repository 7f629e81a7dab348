import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { padEnd, shorten } from '@parley/shared/terminal/text-width.ts'
import { nameStyle, stateWords, textLines } from '../message-words.ts'
import { fitted, type Line, type Look, span, spread } from './lines.ts'
import type { ChatState } from './state.ts'

const ROWS_EACH = 2

/** The conversations: who, whether they are there, how much is unread; below that the last line or what is not sent yet. */
export function drawList(state: ChatState, width: number, height: number, look: Look): Line[] {
  const { conversations, listed, open, focus } = state
  const room = Math.max(1, Math.floor(height / ROWS_EACH))
  const marked = focus === 'list' ? listed : open?.account
  const at = Math.max(
    0,
    conversations.findIndex(({ account }) => account === marked),
  )
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), conversations.length - room))
  return conversations
    .slice(from, from + room)
    .flatMap((one) => entry(one, one.account === marked, state, width, look).map((line) => fitted(line, width, look)))
}

function entry(one: ConversationInfo, isMarked: boolean, state: ChatState, width: number, look: Look): [Line, Line] {
  const { account, isConnected, presence, unread, isKeyChanged } = one
  const mark = isMarked ? (look.isUtf8 ? '› ' : '> ') : '  '
  // While nobody tells, nobody knows.
  const isThere = state.line === 'up' && (isConnected || presence === 'online')
  const where = isThere ? 'online' : ''
  const right = [span(where, 'green'), span(unread === 0 ? '   ' : ` ${padStart2(unread)}`, 'bold')]
  const room = width - mark.length - where.length - 4
  const name = shorten(printable(one.name), room, look.isUtf8 ? '…' : '~')
  const head = spread(
    [span(mark, state.focus === 'list' ? 'cyan' : 'dim'), span(name, nameStyle(account))],
    right,
    width,
  )
  const [words, isWarning] = isKeyChanged ? ['key changed', true] : [lastWords(one, state, look), false]
  return [head, [span('  '), span(padEnd(words, 1), isWarning ? 'yellow' : 'dim')]]
}

function padStart2(unread: number): string {
  return unread > 99 ? '99+' : String(unread).padStart(2)
}

function lastWords({ account, last, waiting }: ConversationInfo, state: ChatState, look: Look): string {
  const { drafts, open, writing, now } = state
  if ((writing.get(account) ?? 0) > now) return 'is writing'
  const draft = drafts.get(account)
  if (draft !== undefined && account !== open?.account) return `Draft: ${firstLine(printableLines(draft.text))}`
  if (last === undefined) return 'No messages yet'
  const text = firstLine(textLines(last))
  if (last.direction === 'in') return text
  const shape = stateWords(look, last)?.shape ?? ''
  return waiting > 1 ? `${shape} ${waiting} waiting` : `${shape} ${text}`
}

function firstLine([first = '']: readonly string[]): string {
  return first
}
