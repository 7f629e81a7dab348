import { createRequire } from 'node:module'
import type sequencing from '@jest/test-sequencer'

// The types of this library are true of what `require` gives, not of what `import` does.
const library: unknown = createRequire(import.meta.url)('@jest/test-sequencer')
if (!isLibrary(library)) throw new TypeError('@jest/test-sequencer has no sequencer')

type Tests = Parameters<InstanceType<typeof sequencing.default>['sort']>[0]

/** What starts programs waits for them most of the time; the longest first, and then the one that computes longest. */
const FIRST = [/\/e2e\/test\/(?:lab|web-app)\./, /\/delivery\/simulation\./, /\/packages\/(?:e2e|benchmarks)\//]

/**
 * jest's sequencer, for a run that knows of no run before it: the suites that wait begin, so that whoever computes fills the processors
 * meanwhile, and nothing long is left for the end. By itself jest would take the longest files for the longest suites.
 */
export default class WaitingFirst extends library.default {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests)
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted
    return sorted.toSorted((one, other) => rankOf(one.path) - rankOf(other.path))
  }
}

function rankOf(path: string): number {
  const rank = FIRST.findIndex((waiting) => waiting.test(path))
  return rank === -1 ? FIRST.length : rank
}

function isLibrary(value: unknown): value is typeof sequencing {
  return typeof value === 'object' && value !== null && 'default' in value && typeof value.default === 'function'
}
