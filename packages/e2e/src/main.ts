// `pnpm lab`: the fault laboratory.
import { writeFile } from 'node:fs/promises'
import { SCENARIOS } from '#lab/all-scenarios.ts'
import { HELP, type LabFlags, readFlags, UsageError } from '#lab/command-line.ts'
import { type Outcome, runScenario } from '#lab/laboratory.ts'
import { reportOf } from '#lab/report.ts'
import type { Scenario, Size } from '#lab/scenario.ts'

const EXIT = { passed: 0, failed: 1, usage: 64, internal: 70, interrupted: 130 } as const

interface Round {
  readonly scenario: Scenario
  readonly seed: number
  readonly size: Size
}

/** Of the long run the storm has the size that was asked for; everything else comes once in its usual one. */
function roundsOf({ scenarios, seed, rounds, size, isLong }: LabFlags): Round[] {
  return Array.from({ length: rounds }, (_, round) => seed + round).flatMap((roundSeed) =>
    scenarios.map((scenario, index) => ({
      scenario,
      seed: roundSeed,
      size: isLong && index > 0 ? scenario.size : { ...scenario.size, ...size },
    })),
  )
}

function repeatingLine({ scenario, seed, size }: Outcome, faults: readonly string[]): string {
  const planted = faults.map((fault) => ` --plant ${fault}`).join('')
  const { messages, strikes } = size
  return `npx -y pnpm@12 lab --scenario ${scenario} --seed ${seed} --messages ${messages} --strikes ${strikes}${planted}`
}

function describe(outcome: Outcome): string {
  const { scenario, seed, schedule, result, reason, seconds, figures } = outcome
  const numbers = Object.entries(figures).map(([what, value]) => `${what}: ${value}`)
  const mark = { passed: '✓', failed: '✗', skipped: '–' }[result]
  return `${mark} ${scenario}, seed ${seed}, schedule ${schedule}, ${seconds} s: ${reason ?? numbers.join(', ')}`
}

async function play(flags: LabFlags, signal: AbortSignal): Promise<Outcome[]> {
  const { faults, isJson, isKept, minutes } = flags
  const outcomes: Outcome[] = []
  for (const { scenario, seed, size } of roundsOf(flags)) {
    if (!isJson) console.log(`${scenario.name}: ${scenario.summary}`)
    const outcome = await runScenario(scenario, {
      seed,
      size,
      faults,
      signal,
      keeps: isKept ? 'all' : 'failed',
      maxStrikesMs: minutes === undefined ? undefined : minutes * 60_000,
      onNote: (text) => {
        if (!isJson) console.log(`    ${text}`)
      },
    })
    outcomes.push(outcome)
    const repeat = repeatingLine(outcome, faults)
    if (isJson) console.log(JSON.stringify(outcome.result === 'failed' ? { ...outcome, repeat } : outcome))
    else console.log(describe(outcome))
    if (outcome.result !== 'failed' || isJson) continue
    console.error(
      `${outcome.report ?? ''}\n\nEverything lies in ${outcome.directory ?? 'no directory'}\nAgain: ${repeat}`,
    )
  }
  return outcomes
}

async function main(args: readonly string[]): Promise<number> {
  let flags: ReturnType<typeof readFlags>
  try {
    flags = readFlags(args[0] === '--' ? args.slice(1) : args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\nSee pnpm lab --help.`)
    return EXIT.usage
  }
  if (flags === 'help') {
    console.log(HELP)
    return EXIT.passed
  }
  if (flags === 'list') {
    const wide = Math.max(...SCENARIOS.map(({ name }) => name.length))
    for (const { name, summary } of SCENARIOS) console.log(`${name.padEnd(wide)}  ${summary}`)
    return EXIT.passed
  }
  if (flags.isPlanned) {
    for (const { scenario, seed, size } of roundsOf(flags)) {
      const { plan, hash } = scenario.prepare(seed, size)
      console.log(JSON.stringify({ scenario: scenario.name, seed, size, schedule: hash, plan }))
    }
    return EXIT.passed
  }
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort())
  try {
    const outcomes = await play(flags, interrupted.signal)
    if (flags.report !== undefined) await writeFile(flags.report, reportOf(outcomes))
    return outcomes.some(({ result }) => result === 'failed') ? EXIT.failed : EXIT.passed
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    console.error('interrupted; everything that was started is ended and removed')
    // What a scenario still waits for will not come any more.
    process.exit(EXIT.interrupted)
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(
    `The laboratory itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  process.exitCode = EXIT.internal
}
