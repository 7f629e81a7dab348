const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** As people say it: 2.4 MB. */
export function bytesWords(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000
    unit += 1
  }
  const shown = unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10
  return `${shown.toLocaleString('en')} ${UNITS[unit] ?? 'B'}`
}
