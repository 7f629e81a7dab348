import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What starts programs waits for them most of the time; the longest first, and then the one that computes longest. */
const FIRST = [/\/e2e\/test\/(?:lab|web-app)\./, /\/delivery\/simulation\./, /\/packages\/(?:e2e|benchmarks)\//]

/**
 * vitest's sequencer, for a run that knows of no run before it: the suites that wait begin, so that whoever computes fills the processors
 * meanwhile, and nothing long is left for the end. By itself vitest would take the longest files for the longest suites.
 */
export default class WaitingFirst extends BaseSequencer {
  override async sort(suites: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(suites)
    if (sorted.some((suite) => this.ctx.cache.getTestSpecificationResult(suite) !== undefined)) return sorted
    return sorted.toSorted((one, other) => rankOf(one.moduleId) - rankOf(other.moduleId))
  }
}

function rankOf(path: string): number {
  const rank = FIRST.findIndex((waiting) => waiting.test(path))
  return rank === -1 ? FIRST.length : rank
}
