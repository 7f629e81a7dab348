import { clockTime, exactTime } from '#text/times.ts'

export function Time({ at }: { at: number }) {
  return (
    <time class="meta" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {clockTime(at)}
    </time>
  )
}
