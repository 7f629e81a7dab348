import { words } from '#words/words.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const dayInYear = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'long' })
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' })
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

export function clockTime(at: number): string {
  return clock.format(at)
}

/** To the second, with the day: for a tooltip. */
export function exactTime(at: number): string {
  return exact.format(at)
}

/** A number that is another one for every day of this place. */
export function dayNumber(at: number): number {
  const date = new Date(at)
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate()
}

export function dayWords(at: number, now: number): string {
  if (dayNumber(at) === dayNumber(now)) return words.times.today
  if (dayNumber(at) === dayNumber(now - DAY_MS)) return words.times.yesterday
  if (now - at < 6 * DAY_MS && now > at) return weekday.format(at)
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayInYear.format(at) : dayAndYear.format(at)
}

/** As short as a list wants it. */
export function listTime(at: number, now: number): string {
  if (dayNumber(at) === dayNumber(now)) return clockTime(at)
  if (dayNumber(at) === dayNumber(now - DAY_MS)) return words.times.yesterday
  return shortDay.format(at)
}

/** How long something lasts, in the largest unit that fits. */
export function span(ms: number): string {
  const { seconds, minutes, hours, days } = words.times
  if (ms < MINUTE_MS) return seconds(Math.max(0, Math.round(ms / 1000)))
  if (ms < HOUR_MS) return minutes(Math.floor(ms / MINUTE_MS))
  if (ms < DAY_MS) return hours(Math.floor(ms / HOUR_MS))
  return days(Math.floor(ms / DAY_MS))
}
