import { describe, expect, test } from '@jest/globals'
import { simulate } from './simulation/two-devices.ts'

const SEEDS = Number(process.env['SEEDS'] ?? 200)
describe('two devices through crashes, cuts and doubled sessions', () => {
  test(`keep every invariant of the delivery protocol, ${SEEDS} seeds`, async () => {
    const totals = { sent: 0, crashes: 0, cuts: 0 }
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { complaints, world } = await simulate(seed)
      if (complaints.length > 0) throw new Error(`seed ${seed}:\n${complaints.slice(0, 20).join('\n')}`)
      totals.sent += world.sent.length
      totals.crashes += world.crashes
      totals.cuts += world.cuts
    }
    // A schedule that never hurts would prove nothing.
    expect(totals.sent).toBeGreaterThan(SEEDS * 50)
    expect(totals.crashes).toBeGreaterThan(SEEDS)
    expect(totals.cuts).toBeGreaterThan(SEEDS * 2)
  })

  test('go the same way for the same seed', async () => {
    expect((await simulate(7)).trace).toBe((await simulate(7)).trace)
  })
})
