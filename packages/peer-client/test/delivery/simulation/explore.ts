// `pnpm simulate`: the simulation over many seeds. Says which failed, how, and the line that repeats each of them.

import { plant } from '@parley/shared/planted-faults.ts'
import { type ExploreFlags, HELP, readFlags, UsageError } from './command-line.ts'
import { Progress } from './progress.ts'
import { simulate } from './simulate.ts'

const EXIT = { passed: 0, failed: 1, usage: 64, interrupted: 130 } as const
const SHOWN = 6

interface Summary {
  readonly seeds: number
  readonly from: number
  readonly failed: number
  /** The most that any of them needed to come to rest. */
  readonly mostSteps: number
}

async function explore(flags: ExploreFlags, signal: AbortSignal): Promise<Summary> {
  const { from, seeds, fault, isJson } = flags
  const progress = new Progress(process.stderr, seeds)
  let [failed, mostSteps, done] = [0, 0, 0]
  for (let seed = from; seed < from + seeds && !signal.aborted; seed += 1) {
    const { complaints, steps, trace } = await simulate(seed)
    done += 1
    mostSteps = Math.max(mostSteps, steps)
    progress.show(done, failed)
    if (complaints.length === 0) continue
    failed += 1
    const again = `pnpm simulate --from ${seed} --seeds 1${fault === undefined ? '' : ` --fault ${fault}`}`
    const distinct = [...new Set(complaints)].slice(0, SHOWN)
    progress.clear()
    if (isJson) console.log(JSON.stringify({ event: 'failed', seed, trace, complaints: distinct, again }))
    else console.log([`seed ${seed}, again with: ${again}`, ...distinct].join('\n  '))
  }
  progress.clear()
  return { seeds: done, from, failed, mostSteps }
}

async function main(args: readonly string[]): Promise<number> {
  let flags: ExploreFlags | 'help'
  try {
    flags = readFlags(args[0] === '--' ? args.slice(1) : args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\nSee pnpm simulate --help.`)
    return EXIT.usage
  }
  if (flags === 'help') {
    console.log(HELP)
    return EXIT.passed
  }
  if (flags.fault !== undefined) plant(flags.fault)
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort())
  const summary = await explore(flags, interrupted.signal)
  const isWhole = !interrupted.signal.aborted
  if (flags.isJson) console.log(JSON.stringify({ event: 'summary', ...summary, isWhole }))
  else console.log(sentenceOf(summary, isWhole))
  if (!isWhole) return EXIT.interrupted
  return summary.failed > 0 ? EXIT.failed : EXIT.passed
}

function sentenceOf({ seeds, from, failed, mostSteps }: Summary, isWhole: boolean): string {
  const first = isWhole ? '' : 'Interrupted: '
  return `${first}${seeds} seeds from ${from} on: ${failed} failed; none needed more than ${mostSteps} steps to come to rest`
}

process.exitCode = await main(process.argv.slice(2))
