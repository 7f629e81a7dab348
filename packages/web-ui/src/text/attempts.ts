import type { Why } from '@parley/shared/local-api/messages.ts'

type Attempt = Why['attempts'][number]

/** The same one after another is one line, with the time of the newest. */
export function together(attempts: readonly Attempt[]): { readonly attempt: Attempt; readonly times: number }[] {
  const lines: { attempt: Attempt; times: number }[] = []
  for (const attempt of attempts) {
    const last = lines.at(-1)
    if (last !== undefined && isAlike(last.attempt, attempt)) last.times += 1
    else lines.push({ attempt, times: 1 })
  }
  return lines
}

function isAlike(a: Attempt, b: Attempt): boolean {
  return a.what === b.what && a.path === b.path && a.outcome === b.outcome && a.detail === b.detail
}
