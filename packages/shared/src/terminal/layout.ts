import { printable } from './printable.ts'
import type { Style, Terminal } from './terminal.ts'
import { padEnd, padStart, widthOf, wrap } from './text-width.ts'

/** Something to show; it may come from anybody. */
export interface Cell {
  readonly text: string
  readonly style?: Style | undefined
}

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => Cell | string
  readonly align?: 'right'
}

const GAP = '  '
/** Below this a column is no column any more; the line is rather too long. */
const MIN_WRAPPED_COLUMNS = 12

/** Columns as wide as what is in them; when that is too wide for the terminal, the widest wrap. */
export function printTable<T>(terminal: Terminal, columns: readonly Column<T>[], rows: readonly T[]): void {
  const cells = rows.map((row) => columns.map(({ cell }) => asPrintable(cell(row))))
  const natural = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[at]?.text ?? ''))),
  )
  const widths = narrowed(natural, terminal.columns)
  const titles = columns.map(({ title }) => ({ text: title, style: 'dim' as const }))
  for (const row of [titles, ...cells]) printRow(terminal, columns, row, widths)
}

function printRow(
  terminal: Terminal,
  columns: readonly { readonly align?: 'right' }[],
  row: readonly Cell[],
  widths: readonly number[],
): void {
  const wrapped = row.map(({ text }, at) => wrap(text, widths[at] ?? widthOf(text)))
  const height = Math.max(...wrapped.map((lines) => lines.length))
  for (let line = 0; line < height; line++) {
    const parts = row.map(({ style }, at) => {
      const text = wrapped[at]?.[line] ?? ''
      const pad = columns[at]?.align === 'right' ? padStart : padEnd
      const isLast = at === row.length - 1 && pad === padEnd
      const padded = isLast ? text : pad(text, widths[at] ?? 0)
      return padded.replace(text, () => terminal.paint(text, style))
    })
    terminal.line(parts.join(GAP).trimEnd())
  }
}

/** Takes from the widest until all fit. */
function narrowed(natural: readonly number[], available: number | undefined): number[] {
  const widths = [...natural]
  if (available === undefined) return widths
  const room = available - GAP.length * (widths.length - 1)
  while (sum(widths) > room) {
    const widest = widths.indexOf(Math.max(...widths))
    const width = widths[widest] ?? 0
    if (width <= MIN_WRAPPED_COLUMNS) break
    const next = Math.max(
      MIN_WRAPPED_COLUMNS,
      ...widths.filter((_, at) => at !== widest).filter((other) => other < width),
    )
    widths[widest] = Math.max(next, width - (sum(widths) - room), MIN_WRAPPED_COLUMNS)
    if (widths[widest] === width) widths[widest] = width - 1
  }
  return widths
}

/** Names and what they stand for, one below the other. */
export function printFields(
  terminal: Terminal,
  fields: readonly (readonly [name: string, value: Cell | string])[],
): void {
  const width = Math.max(...fields.map(([name]) => widthOf(name)))
  const room = terminal.columns === undefined ? Number.POSITIVE_INFINITY : terminal.columns - width - 4
  for (const [name, value] of fields) {
    const { text, style } = asPrintable(value)
    for (const [at, line] of wrap(text, Math.max(room, MIN_WRAPPED_COLUMNS)).entries()) {
      const label = terminal.paint(padEnd(at === 0 ? name : '', width), 'dim')
      terminal.line(`  ${label}  ${terminal.paint(line, style)}`)
    }
  }
}

/** Sentences, wrapped. */
export function printText(terminal: Terminal, text: string, style?: Style): void {
  for (const line of wrap(printable(text), terminal.columns ?? Number.POSITIVE_INFINITY)) {
    terminal.line(terminal.paint(line, style))
  }
}

function asPrintable(cell: Cell | string): Cell {
  if (typeof cell === 'string') return { text: printable(cell) }
  return { ...cell, text: printable(cell.text) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
