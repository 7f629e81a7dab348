// Where the time of a message goes, for whoever measures. Nothing is timed while nobody listens.
import { channel } from 'node:diagnostics_channel'

/** The name of the diagnostics channel on which each Span is published when it ends. */
export const SPANS_CHANNEL = 'parley:span'

const SPANS = channel(SPANS_CHANNEL)

export interface Span {
  /** `seal`, `open`: one envelope. `commit`: one transaction, with its fsync. `answer`: from a frame read to what it was answered with. */
  readonly what: 'seal' | 'open' | 'commit' | 'answer'
  readonly ms: number
}

export function timed<T>(what: Span['what'], work: () => T): T {
  if (!SPANS.hasSubscribers) return work()
  const start = performance.now()
  try {
    return work()
  } finally {
    publish(what, start)
  }
}

export async function timedAsync<T>(what: Span['what'], work: () => Promise<T>): Promise<T> {
  if (!SPANS.hasSubscribers) return work()
  const start = performance.now()
  try {
    return await work()
  } finally {
    publish(what, start)
  }
}

function publish(what: Span['what'], start: number): void {
  SPANS.publish({ what, ms: performance.now() - start } satisfies Span)
}
