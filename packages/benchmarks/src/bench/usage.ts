import type { Numbers } from './note.ts'

/** What this process used so far and holds now: processor time in µs; resident memory, and that of JavaScript, without garbage. */
export function takeUsage(): Numbers {
  const { user, system } = process.cpuUsage()
  if (globalThis.gc === undefined) throw new Error('memory is measured with --expose-gc')
  // Finalizers of the first collection free what only a second one can see.
  globalThis.gc()
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed + external }
}
