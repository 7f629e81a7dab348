// How the things that lie on top of the conversation look alike: a title, and lines to read or a box with what there is to choose.
import { boxRows, PROMPT } from './layout.ts'
import { BLANK, type Line, type Look, paragraph, span } from './lines.ts'
import type { TextBox } from './text-box.ts'

export interface Drawn {
  readonly lines: readonly Line[]
  readonly cursor: { readonly x: number; readonly y: number } | undefined
}

function titled(title: string, width: number, { isUtf8 }: Look): Line[] {
  return [[span(` ${title}`, 'bold')], [span((isUtf8 ? '─' : '-').repeat(width), 'dim')]]
}

export function still(title: string, lines: readonly Line[], width: number, height: number, look: Look): Drawn {
  return { lines: [...titled(title, width, look), ...lines].slice(0, height), cursor: undefined }
}

export interface Offered {
  readonly lines: readonly Line[]
  readonly chosen: number
  /** So many lines belong together. */
  readonly each: number
  /** What is to be known of what is offered. */
  readonly about?: readonly Line[]
  /** When there is nothing. */
  readonly none: readonly Line[]
}

/** A box, and below it what there is for the words in it. */
export function typing(
  title: string,
  box: TextBox,
  offered: Offered,
  width: number,
  height: number,
  look: Look,
): Drawn {
  const { lines, chosen, each, none, about = [] } = offered
  const { rows, x } = boxRows(box, Math.max(1, width - PROMPT.length), 1)
  const head = [...titled(title, width, look), [span(PROMPT, 'cyan'), span(rows[0] ?? '')], BLANK, ...about]
  const room = Math.max(1, height - head.length)
  const end = (chosen + 1) * each
  const from = Math.max(0, Math.min(end - Math.ceil(room / 2), lines.length - room))
  const shown = lines.length === 0 ? none.slice(0, room) : lines.slice(from, from + room)
  return { lines: [...head, ...shown], cursor: { x: PROMPT.length + x, y: head.length - about.length - 2 } }
}

export function marked(isChosen: boolean, { isUtf8 }: Look): Line[number] {
  return span(isChosen ? (isUtf8 ? ' › ' : ' > ') : '   ', 'cyan')
}

export function failureLines(sentence: string, width: number): Line[] {
  return paragraph(sentence, width - 2, 'yellow').map((line) => [span('  '), ...line])
}
