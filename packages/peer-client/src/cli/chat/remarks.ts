// What there is to say about the open conversation, above the box: what happened, what is safe, what to do.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import type { Style } from '@parley/shared/terminal/terminal.ts'
import { shorten, wrap } from '@parley/shared/terminal/text-width.ts'
import { count } from '../message-words.ts'
import { type Line, type Look, span } from './lines.ts'
import { answerOf, type ChatState, conversationOf, threadOf } from './state.ts'

const MAX_ROWS = 3
const QUOTED_COLUMNS = 40

export function remarksOf(state: ChatState, width: number, look: Look): Line[] {
  const ofBox = remarkLines([boxRemark(state, look)], width)
  const others = remarkLines(
    [blockRemark(state) ?? keyRemark(state), troubleRemark(state), waitingRemark(state)],
    width,
  )
  return [...others.slice(0, MAX_ROWS - ofBox.length), ...ofBox]
}

function remarkLines(remarks: readonly (Remark | undefined)[], width: number): Line[] {
  return remarks
    .filter((remark) => remark !== undefined)
    .flatMap(([text, style]) => wrap(text, width).map((line) => [span(line, style)]))
}

type Remark = readonly [text: string, style: Style]

function blockRemark(state: ChatState): Remark | undefined {
  if (!isBlocked(state)) return undefined
  const name = printable(state.open?.name ?? '')
  return [`${name} is blocked: nothing comes from there, and nothing you write goes there. Ctrl-K unblocks.`, 'yellow']
}

function isBlocked({ contacts, open }: ChatState): boolean {
  return open !== undefined && contacts.get(open.account)?.state === 'blocked'
}

function keyRemark(state: ChatState): Remark | undefined {
  const one = conversationOf(state, state.open?.account)
  if (one === undefined) return undefined
  const name = printable(one.name)
  if (one.isKeyChanged) {
    const held = one.waiting === 0 ? '' : ` ${count(one.waiting, 'message')} ${one.waiting === 1 ? 'is' : 'are'} held.`
    return [`${name}'s key changed. Nothing was sent to the new key.${held} Ctrl-T compares and decides.`, 'yellow']
  }
  if (one.verification === 'rotated-since') {
    return [`${name} has a new key, signed by the one you compared. Ctrl-T compares again.`, 'yellow']
  }
  return undefined
}

function troubleRemark(state: ChatState): Remark | undefined {
  const { troubles } = threadOf(state, state.open?.account)
  const name = printable(state.open?.name ?? '')
  if (troubles === undefined) return undefined
  if (troubles.missing > 0) {
    return [
      `${count(troubles.missing, 'message')} of ${name} ${troubles.missing === 1 ? 'is' : 'are'} missing here, and later ones wait for that.`,
      'yellow',
    ]
  }
  if (troubles.forkCount === 0) return undefined
  return [
    `${name} contradicted what was said before. What came first is shown; parley history ${name} tells more.`,
    'yellow',
  ]
}

function waitingRemark(state: ChatState): Remark | undefined {
  const one = conversationOf(state, state.open?.account)
  if (one === undefined || one.isKeyChanged || isBlocked(state)) return undefined
  if (one.isConnected || one.presence !== 'offline') return undefined
  const name = printable(one.name)
  const what = `${count(one.waiting, 'message')} ${one.waiting === 1 ? 'waits' : 'wait'} here and ${one.waiting === 1 ? 'goes' : 'go'}`
  return [
    `${name} is offline. ${one.waiting === 0 ? 'What you write waits here and goes' : what} out when they are back.`,
    'dim',
  ]
}

/** What becomes of the text in the box. */
function boxRemark(state: ChatState, { isUtf8 }: Look): Remark | undefined {
  const { editing, open } = state
  const quoted = ({ text }: MessageView) => `"${shorten(printable(text), QUOTED_COLUMNS, isUtf8 ? '…' : '~')}"`
  if (editing !== undefined && editing.message.account === open?.account) {
    return [`Editing ${quoted(editing.message)}. Enter saves, Esc keeps it as it was.`, 'cyan']
  }
  const answered = answerOf(state)
  if (answered === undefined) return undefined
  const whom = answered.direction === 'out' ? 'your own message' : printable(open?.name ?? answered.with)
  return [`Answer to ${whom} ${quoted(answered)}. Esc drops it.`, 'cyan']
}
