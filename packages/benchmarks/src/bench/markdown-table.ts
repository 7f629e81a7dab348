import { type Goal, isReached, type Report } from './report.ts'

/** The report as Markdown whose columns also line up as plain text. */
export function renderReport({ title, columns, rows, goals }: Report): string {
  const figures = renderTable(
    ['', ...columns.map((column) => column.title)],
    rows.map(({ label, cells }) => [label, ...columns.map(({ digits }, at) => formatNumber(cells[at], digits))]),
  )
  if (goals.length === 0) return [title, figures].join('\n\n')
  const reached = renderTable(
    ['', 'figure', 'goal', ''],
    goals.map((goal) => [
      goal.label,
      formatNumber(goal.value, goal.digits),
      boundOf(goal),
      isReached(goal) ? '✓' : '✗',
    ]),
  )
  return [title, figures, reached].join('\n\n')
}

/** Thousands apart; empty for nothing. */
function formatNumber(value: number | undefined, digits: number): string {
  if (value === undefined) return ''
  if (!Number.isFinite(value)) return '?'
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function boundOf({ bound }: Goal): string {
  return 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`
}

/** The first column to the left, the others to the right. */
function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map((cells) => (cells[at] ?? '').length)))
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, at) =>
      at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width),
    )
    return `| ${padded.join(' | ')} |`
  }
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}
