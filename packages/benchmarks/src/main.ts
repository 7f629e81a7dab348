import { BenchError } from '#bench/bench-error.ts'
import type { Benchmark } from '#bench/benchmark.ts'
import { interleave } from '#bench/interleave.ts'
import { describeMachine, type Machine, machineSentence } from '#bench/machine.ts'
import { renderReport } from '#bench/markdown-table.ts'
import { Progress } from '#bench/progress.ts'
import { isReached } from '#bench/report.ts'
import { chosenOf, type Suite } from '#bench/suite.ts'
import { directorySuite } from '#directory/directory-suite.ts'
import { messagesSuite } from '#messages/messages-suite.ts'
import { pageSuite } from '#page/page-suite.ts'
import { type CommandLine, OPTIONS_HELP, readCommandLine } from './command-line.ts'

const EXIT = { done: 0, usage: 64, failed: 70, interrupted: 130 } as const

const SUITES: readonly Suite[] = [messagesSuite, directorySuite, pageSuite]

const LIST = SUITES.map(({ name, summary }) => `  ${name.padEnd(12)}  ${summary}`).join('\n')
const HELP = `Usage: pnpm bench [NAME] [options]

Measures baselines and the product in turns, in new processes each time, and prints medians and ratios.
Goals stand beside the figures; whether they are reached does not change the exit code.

Benchmarks:
${LIST}

${OPTIONS_HELP}`

async function run(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = () => {
    // Somebody who asks twice does not want to wait for what is under way.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted)
    interrupted.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const commandLine = readCommandLine(args)
    const suite = SUITES.find(({ name }) => name === commandLine.benchmark)
    if (commandLine.help || commandLine.benchmark === undefined) console.log(HELP)
    else if (suite === undefined)
      throw new BenchError('usage', `there is no benchmark "${commandLine.benchmark}"; there is:\n${LIST}`)
    else {
      warnOfMemory(await describeMachine())
      for (const benchmark of chosenOf(await suite.benchmarks(commandLine), commandLine.only)) {
        await measure(benchmark, commandLine, interrupted.signal)
      }
    }
    return EXIT.done
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted
    if (!(error instanceof BenchError)) throw error
    console.error(`bench: ${error.message}`)
    return error.code === 'usage' ? EXIT.usage : EXIT.failed
  }
}

function warnOfMemory({ isOnDisk, scratch }: Machine): void {
  if (isOnDisk) return
  console.error(`bench: ${scratch} is in memory, where fsync costs nothing; set TMPDIR to a directory on a disk`)
}

async function measure(benchmark: Benchmark, { json, ...options }: CommandLine, signal: AbortSignal): Promise<void> {
  const machine = await describeMachine()
  const progress = new Progress(process.stderr)
  const results = await interleave(benchmark.contestants, {
    ...options,
    signal,
    onTurn: (turn) => progress.show(turn),
  }).finally(() => progress.clear())
  const report = benchmark.report(results)
  if (json) {
    const { rounds, load } = options
    const goals = report.goals.map((goal) => ({ ...goal, isReached: isReached(goal) }))
    console.log(
      JSON.stringify({
        benchmark: benchmark.name,
        machine,
        rounds,
        load,
        figures: results,
        report: { ...report, goals },
      }),
    )
  } else {
    console.log(renderReport(report))
    console.log(`\nMedians of ${options.rounds} rounds; a ratio is the median of what each round yields.`)
    console.log(`${machineSentence(machine)}\n`)
  }
}

process.exitCode = await run(process.argv.slice(2))
