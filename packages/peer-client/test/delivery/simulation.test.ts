import { describe, expect, test } from '@jest/globals'
import { simulate } from './simulation/two-devices.ts'

const SEEDS = 200
const SEEDS_PER_TEST = 20
const firstSeeds = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => 1 + index * SEEDS_PER_TEST)

describe('two devices through crashes, cuts and doubled sessions', () => {
  test.each(firstSeeds)('keep every invariant of the delivery protocol, seeds from %d on', async (first) => {
    const totals = { sent: 0, crashes: 0, cuts: 0 }
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed += 1) {
      const { complaints, world } = await simulate(seed)
      if (complaints.length > 0) throw new Error(`seed ${seed}:\n${complaints.slice(0, 20).join('\n')}`)
      totals.sent += world.sent.length
      totals.crashes += world.crashes
      totals.cuts += world.cuts
    }
    // A schedule that never hurts would prove nothing.
    expect(totals.sent).toBeGreaterThan(SEEDS_PER_TEST * 50)
    expect(totals.crashes).toBeGreaterThan(SEEDS_PER_TEST)
    expect(totals.cuts).toBeGreaterThan(SEEDS_PER_TEST * 2)
  })

  test('go the same way for the same seed', async () => {
    expect((await simulate(7)).trace).toBe((await simulate(7)).trace)
  })
})
