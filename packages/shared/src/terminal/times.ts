const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long, in the two largest units that people would say. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return twoUnits(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min')
  const days = Math.floor(ms / DAY)
  return twoUnits(days, days === 1 ? 'day' : 'days', Math.floor((ms % DAY) / HOUR), 'h')
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

export function ago(at: number, now: number): string {
  return now - at < SECOND ? 'just now' : `${span(now - at)} ago`
}

/** Hours and minutes, where the person is. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
}

export function exactTime(at: number): string {
  return `${clockTime(at)}:${twoDigits(new Date(at).getSeconds())}`
}

/** The day, where the person is. */
export function dayOf(at: number, now: number): string {
  const day = dayText(at)
  if (day === dayText(now)) return 'Today'
  if (day === dayText(now - DAY)) return 'Yesterday'
  return day
}

let dayFormat: Intl.DateTimeFormat | undefined

function dayText(at: number): string {
  // Made when it is needed first: it takes as long as some thousand lines of a program take to load, and most commands name no day.
  dayFormat ??= new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  return dayFormat.format(at)
}

/** When something was, exact enough for how long ago it is. */
export function timeWithDay(at: number, now: number): string {
  const day = dayOf(at, now)
  return day === 'Today' ? clockTime(at) : `${day} ${clockTime(at)}`
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND],
  ['m', MINUTE],
  ['min', MINUTE],
  ['h', HOUR],
  ['d', DAY],
])

/** `90s`, `2m`, `1h`, `7d`; a bare number is seconds. Undefined when it is none of these, or more than `maxMs`. */
export function parseSpan(text: string, maxMs = DAY): number | undefined {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|min|h|d)?$/.exec(text) ?? []
  const ms = Number(number) * (UNITS.get(unit) ?? Number.NaN)
  return ms >= 0 && ms <= maxMs ? Math.round(ms) : undefined
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
