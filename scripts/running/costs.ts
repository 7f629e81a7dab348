// What the suites of a run of the tests cost, in processor time, which says more than the clock on a machine that others use too.
import { existsSync, readFileSync } from 'node:fs'

/** Names the file to which each suite adds its line. */
export const COSTS_ENV = 'PARLEY_TEST_COSTS'

const SHOWN = 10
/** Of /proc, on every Linux (`man 5 proc_pid_stat`). */
const MS_PER_TICK = 10

export interface Spent {
  readonly ownMs: number
  /** Of all programs that this process started and that have ended. Zero where the system does not tell. */
  readonly childrenMs: number
}

interface Cost extends Spent {
  readonly suite: string
}

/** Processor time of this process so far. */
export function spent(): Spent {
  const { user, system } = process.cpuUsage()
  return { ownMs: (user + system) / 1_000, childrenMs: childrenMs() }
}

function childrenMs(): number {
  if (!existsSync('/proc/self/stat')) return 0
  // The name of the program stands in brackets and may hold anything; cutime and cstime are the 16th and 17th field.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK
}

/** The dearest suites for people, in lines; none when there is only one. */
export function describeCosts(path: string): string[] {
  if (!existsSync(path)) return []
  const costs = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Cost)
  if (costs.length < 2) return []
  const total = ({ ownMs, childrenMs }: Spent) => ownMs + childrenMs
  const seconds = (ms: number) => (ms / 1_000).toFixed(1)
  const all = costs.reduce((sum, cost) => sum + total(cost), 0)
  return [
    `${costs.length} suites took ${seconds(all)} s of processor time; the dearest, with what programs that they started took of it:`,
    ...costs
      .toSorted((one, other) => total(other) - total(one))
      .slice(0, SHOWN)
      .map((cost) => `${seconds(total(cost)).padStart(7)} s ${seconds(cost.childrenMs).padStart(7)} s  ${cost.suite}`),
  ]
}
