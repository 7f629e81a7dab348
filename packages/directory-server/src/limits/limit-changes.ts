import { closest } from 'fastest-levenshtein'
import { z } from 'zod'
import { unitOf } from './about-limits.ts'
import {
  directoryLimits,
  isCommonLimitName,
  isLimitName,
  LIMIT_NAMES,
  type LimitChanges,
  type LimitName,
} from './directory-limits.ts'

/** `NAME=VALUE` texts, one text of several with commas or spaces between them, or a map of names and values as YAML has it. */
export function limitChanges() {
  return z.unknown().transform((given, context): LimitChanges => {
    const changes: Partial<Record<LimitName, number>> = {}
    for (const [name, value] of pairsOf(given)) {
      const mistake = change(changes, name, value)
      if (mistake === undefined) continue
      context.addIssue({ code: 'custom', message: mistake })
      return z.NEVER
    }
    const { PRESENCE_PING_MS, PRESENCE_DEAD_MS } = directoryLimits(changes)
    if (PRESENCE_DEAD_MS <= PRESENCE_PING_MS) {
      const message = `PRESENCE_DEAD_MS must be above PRESENCE_PING_MS, ${PRESENCE_PING_MS}, or no socket lives`
      context.addIssue({ code: 'custom', message })
    }
    return changes
  })
}

type Pair = readonly [name: string, value: unknown]

const Texts = z.array(z.string())
const NamesAndValues = z.record(z.string(), z.unknown())

function pairsOf(given: unknown): readonly Pair[] {
  if (typeof given === 'string') return given.split(/[\s,]+/).flatMap((text) => (text === '' ? [] : [pairOf(text)]))
  const texts = Texts.safeParse(given)
  if (texts.success) return texts.data.map(pairOf)
  const map = NamesAndValues.safeParse(given)
  return map.success ? Object.entries(map.data) : [[String(given), undefined]]
}

function pairOf(text: string): Pair {
  const [name = '', value] = text.split('=', 2)
  return [name.trim(), value?.trim()]
}

/** What is wrong with it, if something is. */
function change(changes: Partial<Record<LimitName, number>>, name: string, value: unknown): string | undefined {
  if (isCommonLimitName(name)) return `${name} is the same in every directory and cannot be changed`
  if (!isLimitName(name)) return `there is no limit "${name}"; did you mean "${closest(name, LIMIT_NAMES.slice())}"?`
  const most = MOST[unitOf(name)]
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > most) {
    return `${name} takes a whole number from 1 to ${most}, as in ${name}=${directoryLimits()[name]}`
  }
  changes[name] = number
  return undefined
}

/** Beyond these nothing would be limited. A timer of more milliseconds fires at once. */
const MOST = {
  bytes: 2 ** 30,
  characters: 2 ** 20,
  levels: 1_000,
  count: 10_000_000,
  ms: 2 ** 31 - 1,
} as const
