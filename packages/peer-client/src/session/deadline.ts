import type { Clock } from '@parley/shared/clock.ts'
import { SessionError } from './session-error.ts'

export interface Deadline extends Disposable {
  readonly signal: AbortSignal
}

/** A signal that aborts with SessionError `timed-out` after `ms`, or earlier with `outer`. Dispose it when the work is done. */
export function deadline(clock: Clock, ms: number, what: string, outer?: AbortSignal): Deadline {
  const controller = new AbortController()
  const cancel = clock.after(ms, () => {
    controller.abort(new SessionError('timed-out', `${what} took longer than ${ms} ms`))
  })
  const signal = outer === undefined ? controller.signal : AbortSignal.any([controller.signal, outer])
  return { signal, [Symbol.dispose]: cancel }
}

/** What `signal` was aborted with, as a SessionError. */
export function abortError(signal: AbortSignal): SessionError {
  if (signal.reason instanceof SessionError) return signal.reason
  return new SessionError('aborted', 'it was given up', { cause: signal.reason })
}

/** As `promise`, or the abort error as soon as `signal` aborts; the promise is then left to itself. */
export async function orAborted<T>(promise: Promise<T> | T, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(abortError(signal))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
