import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { digits } from '@parley/shared/terminal/digits.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import type { Style, Terminal } from '@parley/shared/terminal/terminal.ts'
import { shorten } from '@parley/shared/terminal/text-width.ts'

interface StateWords {
  readonly word: string
  readonly shape: string
  readonly ascii: string
  readonly style: Style
}

const QUEUED = { word: 'queued', shape: '…', ascii: '.', style: 'dim' } as const
const STATES: Readonly<Record<NonNullable<MessageView['state']>, StateWords>> = {
  queued: QUEUED,
  sent: { word: 'sent', shape: '○', ascii: 'o', style: 'dim' },
  delivered: { word: 'delivered', shape: '✓', ascii: '+', style: 'green' },
  read: { word: 'read', shape: '●', ascii: '*', style: 'green' },
  cancelled: { word: 'cancelled', shape: '✗', ascii: 'x', style: 'dim' },
  expired: { word: 'expired', shape: '✗', ascii: 'x', style: 'yellow' },
  refused: { word: 'refused', shape: '✗', ascii: 'x', style: 'red' },
}
const ON_HOLD: StateWords = { word: 'on hold', shape: '‖', ascii: '=', style: 'yellow' }

/** The widest of them, with its shape. */
export const STATE_COLUMNS = 11

/** Shape and word of a message of mine; undefined of others. */
export function stateWords(
  { isUtf8 }: Pick<Terminal, 'isUtf8'>,
  { state, hold }: Pick<MessageView, 'state' | 'hold'>,
): { text: string; shape: string; style: Style } | undefined {
  if (state === undefined) return undefined
  const isHeld = hold !== undefined && (state === 'queued' || state === 'sent')
  const { word, shape, ascii, style } = isHeld ? ON_HOLD : STATES[state]
  const shown = isUtf8 ? shape : ascii
  return { text: `${shown} ${word}`, shape: shown, style }
}

const QUOTED_COLUMNS = 60

/** The message that this one answers, as a line above it; undefined when it answers none. */
export function quoteLine(
  { isUtf8 }: Pick<Terminal, 'isUtf8'>,
  { replyTo, with: name, deleted }: MessageView,
): string | undefined {
  if (replyTo === undefined || deleted !== undefined) return undefined
  const { message } = replyTo
  if (message === undefined) return '> (a message that has not arrived)'
  const [first = ''] = printableLines(message.text)
  const text = first === '' ? '(deleted)' : shorten(first, QUOTED_COLUMNS, isUtf8 ? '…' : '~')
  return `> ${message.direction === 'out' ? 'you' : printable(name)}: ${text}`
}

/** What people think of a message, as a line below it; undefined when nobody said so. */
export function reactionsLine({ reactions, with: name }: MessageView): string | undefined {
  if (reactions === undefined) return undefined
  const parts = reactions.map(({ emoji, by }) => {
    const who = by.map(({ direction }) => (direction === 'out' ? 'you' : printable(name)))
    return `${printable(emoji)} ${who.join(', ')}`
  })
  return `[${parts.join('  ')}]`
}

/** What a message says, in printable lines, and what became of it. */
export function textLines({ kind, text, state, edited, deleted }: MessageView): string[] {
  if (deleted !== undefined) return [`(deleted${onItsWay(deleted)})`]
  switch (kind) {
    case 'text': {
      const lines = printableLines(text)
      return edited === undefined ? lines : [...lines.slice(0, -1), `${lines.at(-1) ?? ''} (edited${onItsWay(edited)})`]
    }
    case 'edit':
      return printableLines(`(edited) ${text}`)
    case 'reaction':
      return [text === '' ? '(took a reaction back)' : `(reacted) ${printable(text)}`]
    case 'delete':
      return ['(deleted a message)']
    case 'void':
      return [state === 'expired' ? '(not sent: its time was over)' : '(taken back before it was sent)']
    default:
      return [`(${printable(kind)}: this version cannot show it)`]
  }
}

/** Of a change of mine that they may not have heard of yet. */
function onItsWay({ state }: NonNullable<MessageView['edited']>): string {
  return state === 'queued' || state === 'sent' ? ', not delivered yet' : ''
}

const NAME_STYLES: readonly Style[] = ['cyan', 'magenta', 'blue', 'yellow', 'green', 'red']

/** The same account has the same colour wherever it is shown. */
export function nameStyle(account: string): Style | undefined {
  let sum = 0
  for (const char of account) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521
  return NAME_STYLES[sum % NAME_STYLES.length]
}

/** Enough of an account id to tell it from others at a glance. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${digits(number)} ${number === 1 ? one : many}`
}
