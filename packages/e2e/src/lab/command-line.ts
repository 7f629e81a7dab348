import { parseArgs } from 'node:util'
import { Fault } from '#faults.ts'
import { SCENARIOS } from './all-scenarios.ts'
import type { Scenario, Size } from './scenario.ts'

const LONG: Size = { messages: 50_000, strikes: 1_000 }
const LONG_MINUTES = 90
const MAX_COUNT = 10_000_000

export interface LabFlags {
  readonly scenarios: readonly Scenario[]
  readonly seed: number
  /** How many seeds, one after the other. */
  readonly rounds: number
  readonly size: Partial<Size>
  readonly minutes: number | undefined
  readonly faults: readonly Fault[]
  readonly isLong: boolean
  readonly isPlanned: boolean
  readonly isKept: boolean
  readonly isJson: boolean
  readonly report: string | undefined
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `usage: pnpm lab [options]

The fault laboratory: real processes, sockets and disks, and every fault by a schedule that a seed decides. Each scenario ends with
a judgement of all databases (verify-ledger, PRAGMA integrity_check) and of what was shown. One that fails keeps its directory and
prints the line that repeats it.

  --scenario NAME   only this one; may be given several times (default: all that pnpm test plays)
  --seed NUMBER     the same number gives the same schedule (1)
  --rounds NUMBER   so many seeds, from --seed on (1)
  --messages NUMBER, --strikes NUMBER
                    more or less than the usual size of a scenario; the strikes of a storm are its kills
  --plan            print the schedule as JSON and do nothing
  --plant FAULT     put a deliberate bug into every peer, which the scenario should then notice
  --keep            keep the directories of what passes too
  --long            the long run: a storm of ${LONG.messages} messages and ${LONG.strikes} kills, then everything else, with a report;
                    with --messages and --strikes another size
  --minutes NUMBER  strikes of the long storm end after this long (${LONG_MINUTES})
  --report FILE     write the report of the run there, as Markdown
  --json            one JSON object on a line for each scenario
  --list            the scenarios
  --help            show this

Examples:
  pnpm lab --scenario kill-storm --seed 7    the schedule of seed 7, again
  pnpm lab --long --report long-run.md       everything, for hours

Faults to plant: ${Fault.options.join(', ')}
Exit codes: 0 all passed, 1 something is wrong, 64 usage, 130 interrupted.`

/** Throws UsageError. */
export function readFlags(args: readonly string[]): LabFlags | 'help' | 'list' {
  const { values } = parse(args)
  if (values.help) return 'help'
  if (values.list) return 'list'
  const isLong = values.long
  const size = {
    ...(isLong && LONG),
    ...(values.messages !== undefined && { messages: readCount('--messages', values.messages) }),
    ...(values.strikes !== undefined && { strikes: readCount('--strikes', values.strikes) }),
  }
  const minutes = values.minutes === undefined ? undefined : readCount('--minutes', values.minutes)
  return {
    scenarios: readScenarios(values.scenario ?? [], isLong),
    seed: readCount('--seed', values.seed),
    rounds: readCount('--rounds', values.rounds),
    size,
    minutes: minutes ?? (isLong ? LONG_MINUTES : undefined),
    faults: (values.plant ?? []).map(readFault),
    isLong,
    isPlanned: values.plan,
    isKept: values.keep,
    isJson: values.json,
    report: values.report,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        seed: { type: 'string', default: '1' },
        rounds: { type: 'string', default: '1' },
        messages: { type: 'string' },
        strikes: { type: 'string' },
        minutes: { type: 'string' },
        plant: { type: 'string', multiple: true },
        report: { type: 'string' },
        plan: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function readCount(flag: string, text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_COUNT) return count
  throw new UsageError(`${flag} is a number from 1 to ${MAX_COUNT}.`)
}

function readScenarios(names: readonly string[], isLong: boolean): readonly Scenario[] {
  if (names.length === 0) return isLong ? SCENARIOS : SCENARIOS.filter(({ isQuick }) => isQuick)
  return names.map((wanted) => {
    const found = SCENARIOS.find(({ name }) => name === wanted)
    if (found !== undefined) return found
    throw new UsageError(`There is no scenario ${wanted}. See pnpm lab --list.`)
  })
}

function readFault(text: string): Fault {
  const fault = Fault.safeParse(text)
  if (fault.success) return fault.data
  throw new UsageError(`${text} is no fault that can be planted: ${Fault.options.join(', ')}`)
}
