/** What a benchmark makes of its results, for people and for programs. */
export interface Report {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  readonly goals: readonly Goal[]
}

export interface Column {
  readonly title: string
  /** Behind the decimal point. */
  readonly digits: number
}

export interface Row {
  readonly label: string
  /** One for each column; undefined where there is nothing to say. */
  readonly cells: readonly (number | undefined)[]
}

/** Printed beside the figure, never asserted: what is measured depends on what else the machine does. */
export interface Goal {
  readonly label: string
  readonly value: number
  readonly digits: number
  readonly bound: { readonly atLeast: number } | { readonly atMost: number }
}

export function isReached({ value, bound }: Goal): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
}
