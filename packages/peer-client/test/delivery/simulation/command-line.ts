import { parseArgs } from 'node:util'
import { FAULTS, type Fault } from '@parley/shared/planted-faults.ts'

const USUAL = 300
const LONG = 10_000
const MAX_SEED = 2 ** 31

export interface ExploreFlags {
  readonly from: number
  /** How many, one after the other. */
  readonly seeds: number
  readonly fault: Fault | undefined
  readonly isJson: boolean
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `usage: pnpm simulate [options]

The delivery protocol of several devices in one process, on a clock, a network and randomness that a seed decides; processes die
between any two durable steps, ratchets are lost, profiles are put back, copied and restored. After each run the invariants of the
protocol are checked on the databases. The same seed is the same run, to the byte.

  --seeds NUMBER   so many, one after the other (${USUAL})
  --long           ${LONG.toLocaleString('en')} of them
  --from NUMBER    the first one (1)
  --fault NAME     put in a deliberate bug, which an invariant should then notice
  --json           one JSON object on a line for each seed that failed, and one at the end
  --help           show this

Faults: ${FAULTS.join(', ')}
Exit codes: 0 all passed, 1 an invariant does not hold, 64 usage, 130 interrupted.`

/** Throws UsageError. */
export function readFlags(args: readonly string[]): ExploreFlags | 'help' {
  const { seeds, long, from, fault, json, help } = parse(args)
  if (help) return 'help'
  if (long && seeds !== undefined) throw new UsageError('--long says how many seeds there are: leave --seeds out.')
  return {
    from: readNumber('--from', from),
    seeds: long ? LONG : seeds === undefined ? USUAL : readNumber('--seeds', seeds),
    fault: fault === undefined ? undefined : readFault(fault),
    isJson: json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        long: { type: 'boolean', default: false },
        from: { type: 'string', default: '1' },
        fault: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function readNumber(flag: string, text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_SEED) return number
  throw new UsageError(`${flag} is a number from 1 to ${MAX_SEED}.`)
}

function readFault(text: string): Fault {
  const fault = FAULTS.find((name) => name === text)
  if (fault !== undefined) return fault
  throw new UsageError(`There is no fault ${text}: ${FAULTS.join(', ')}`)
}
