import { MAX_TRAFFIC_SAMPLES } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import { Traffic } from '#session/traffic.ts'

test('what sessions carry is counted once, in the step in which it went, also of those that end in between', () => {
  const [one, two] = [
    { receivedBytes: 100, sentBytes: 10 },
    { receivedBytes: 5, sentBytes: 50 },
  ]
  let open = [one, two]
  const traffic = new Traffic(() => open)
  // The total is that of the sessions now, before any step is over.
  expect(traffic.history()).toMatchObject({ samples: [], receivedBytes: 105, sentBytes: 60 })
  traffic.sample()
  one.receivedBytes += 7
  two.sentBytes += 3
  traffic.ended(two)
  open = [one]
  traffic.sample()
  traffic.sample()
  const { samples, ...total } = traffic.history()
  expect(samples).toEqual([
    { receivedBytes: 105, sentBytes: 60 },
    { receivedBytes: 7, sentBytes: 3 },
    { receivedBytes: 0, sentBytes: 0 },
  ])
  expect(total).toMatchObject({ receivedBytes: 112, sentBytes: 63 })
  for (let n = 0; n < 2 * MAX_TRAFFIC_SAMPLES; n += 1) traffic.sample()
  expect(traffic.history().samples).toHaveLength(MAX_TRAFFIC_SAMPLES)
  traffic.stop()
})
