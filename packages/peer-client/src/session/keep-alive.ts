import type { Clock } from '@parley/shared/clock.ts'

export interface Line {
  /** When anything was last received, by the clock's `elapsedMs`. */
  readonly heardAtMs: number
  /** True while this side does not read: then silence says nothing about the other side. */
  readonly isPaused: boolean
  ping(): void
  /** Nothing was heard for `deadMs`. Called once, the last call. */
  fellSilent(): void
}

export interface KeepAliveTimes {
  readonly pingMs: number
  readonly deadMs: number
}

/** Pings every `pingMs`; anything received proves life. The function returned stops it. */
export function keepAlive(line: Line, clock: Clock, { pingMs, deadMs }: KeepAliveTimes): () => void {
  let aliveAtMs = clock.elapsedMs()
  let cancel = clock.after(pingMs, tick)

  function tick(): void {
    const nowMs = clock.elapsedMs()
    aliveAtMs = line.isPaused ? nowMs : Math.max(aliveAtMs, line.heardAtMs)
    const silentMs = nowMs - aliveAtMs
    if (silentMs >= deadMs) {
      line.fellSilent()
      return
    }
    line.ping()
    cancel = clock.after(Math.min(pingMs, deadMs - silentMs), tick)
  }

  return () => cancel()
}
