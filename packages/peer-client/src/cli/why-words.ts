// How the attempts to deliver a message are told.
import type { Why } from '@parley/shared/local-api/messages.ts'
import { exactTime } from '@parley/shared/terminal/times.ts'

type Attempt = Why['attempts'][number]

export const ATTEMPT_WORDS: Readonly<Record<Attempt['what'], string>> = {
  'look-up': 'looked up',
  dial: 'dialled',
  seal: 'encrypted',
  write: 'sent',
  answer: 'answered',
}

export interface Run {
  /** The latest of them. */
  readonly last: Attempt
  times: number
  first: Attempt
}

/** What was tried again and again with the same outcome is one line. */
export function inRuns(newestFirst: readonly Attempt[]): Run[] {
  const runs: Run[] = []
  for (const attempt of newestFirst) {
    const run = runs.at(-1)
    if (run !== undefined && isSame(run.last, attempt)) {
      run.times += 1
      run.first = attempt
    } else {
      runs.push({ last: attempt, first: attempt, times: 1 })
    }
  }
  return runs
}

function isSame(a: Attempt, b: Attempt): boolean {
  return a.what === b.what && a.path === b.path && a.outcome === b.outcome && a.detail === b.detail
}

export function outcomeWords({ last: { outcome, detail }, times, first }: Run): string {
  const words = detail === undefined ? outcome : `${outcome}: ${detail}`
  return times === 1 ? words : `${words} (${times} times since ${exactTime(first.at)})`
}
