import { setTimeout as after } from 'node:timers/promises'
import { PATIENCE_MS } from './program.ts'

const LOOK_EVERY_MS = 20

/** For what no event tells: looks until the value is there. Rejects when it is not in time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patienceMs / 1_000} s`)
    await after(LOOK_EVERY_MS)
  }
}
