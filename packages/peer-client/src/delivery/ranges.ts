import type { Range } from '#store/deliveries-table.ts'

/** `range` without `taken`, in order. */
export function subtract(range: Range, taken: readonly Range[]): Range[] {
  const rest: Range[] = []
  let from = range.from
  for (const { from: start, to: end } of taken.toSorted((a, b) => a.from - b.from)) {
    if (end < from) continue
    if (start > range.to) break
    if (start > from) rest.push({ from, to: start - 1 })
    from = end + 1
  }
  if (from <= range.to) rest.push({ from, to: range.to })
  return rest
}

/** What any of them covers, in order, none touching the next. */
export function unite(ranges: readonly Range[]): Range[] {
  const united: { from: number; to: number }[] = []
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = united.at(-1)
    if (last === undefined || from > last.to + 1) united.push({ from, to })
    else last.to = Math.max(last.to, to)
  }
  return united
}
