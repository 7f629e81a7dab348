/** What a limit bounds, for whoever runs the program that keeps it. */
export interface AboutLimit {
  readonly unit: LimitUnit
  readonly purpose: string
}

export type LimitUnit = 'bytes' | 'characters' | 'ms' | 'levels' | 'count'

export interface DescribedLimit extends AboutLimit {
  readonly value: number
}

/** What `--print-limits` prints for people: one aligned line each. */
export function limitLines(limits: ReadonlyMap<string, DescribedLimit>): string[] {
  const rows = [...limits]
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length))
  const names = widest(rows.map(([name]) => name))
  const values = widest(rows.map(([, { value }]) => String(value)))
  const units = widest(rows.map(([, { unit }]) => unit))
  return rows.map(
    ([name, { value, unit, purpose }]) =>
      `${name.padEnd(names)}  ${String(value).padStart(values)}  ${unit.padEnd(units)}  ${purpose}`,
  )
}
