// Moments as people write them: how long ago, or a date where they are.
import { parseSpan } from '@parley/shared/terminal/times.ts'
import { InvalidArgumentError } from 'commander'
import { z } from 'zod'

const MAX_AGO_MS = 100 * 365 * 24 * 60 * 60 * 1000

export const Moment = z.object({ at: z.int() }).or(z.object({ agoMs: z.int() }))
export type Moment = z.infer<typeof Moment>

/** `30d` ago, `12h` ago, `2026-01-31` (its beginning here), or a time of ISO 8601. Throws InvalidArgumentError. */
export function readMoment(text: string): Moment {
  const agoMs = parseSpan(text, MAX_AGO_MS)
  if (agoMs !== undefined && /[a-z]$/.test(text)) return { agoMs }
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : Number.NaN
  if (Number.isFinite(at) && at >= 0) return { at }
  throw new InvalidArgumentError('Write how long ago, like 30d or 12h, or a date, like 2026-01-31.')
}

/** Unix milliseconds. */
export function momentAt(moment: Moment | undefined, now: number): number | undefined {
  if (moment === undefined) return undefined
  return 'at' in moment ? moment.at : Math.max(0, now - moment.agoMs)
}
