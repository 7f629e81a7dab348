// What is drawn: lines of pieces, each with its style. All text in them is printable already.
import { printable } from '@parley/shared/terminal/printable.ts'
import type { Style } from '@parley/shared/terminal/terminal.ts'
import { shorten, widthOf, wrap } from '@parley/shared/terminal/text-width.ts'

export interface Span {
  readonly text: string
  readonly style?: Style | undefined
}

export type Line = readonly Span[]

/** What the terminal can show. */
export interface Look {
  readonly isUtf8: boolean
}

export const BLANK: Line = []

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style }
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0)
}

/** The left one and, at the right edge, the other one, which gives way when there is no room. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(left) - lineWidth(right)
  return room < 1 ? left : [...left, span(' '.repeat(room)), ...right]
}

/** As much of the line as fits. */
export function fitted(line: Line, width: number, { isUtf8 }: Look): Line {
  if (lineWidth(line) <= width) return line
  const out: Span[] = []
  let used = 0
  for (const { text, style } of line) {
    const room = width - used
    if (room <= 0) break
    const short = shorten(text, room, isUtf8 ? '…' : '~')
    out.push(span(short, style))
    used += widthOf(short)
    if (short !== text) break
  }
  return out
}

/** Sentences, which may come from anybody, wrapped. */
export function paragraph(text: string, width: number, style?: Style): Line[] {
  if (text === '') return []
  return wrap(printable(text), width - 1).map((line) => [span(' '), span(line, style)])
}
