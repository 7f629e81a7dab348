import { expect, test } from 'vitest'
import { Alarm } from '#alarm.ts'

/** Time that passes when told to. */
function handClock() {
  const timers = new Set<() => void>()
  return {
    timers,
    after: (_: number, run: () => void) => {
      timers.add(run)
      return () => void timers.delete(run)
    },
    pass() {
      for (const run of timers) run()
    },
  }
}

test('a wait ends with its time, with a ring or with the signal, and leaves no timer', async () => {
  const clock = handClock()
  const alarm = new Alarm(clock)
  const abort = new AbortController()
  for (const end of [() => clock.pass(), () => alarm.ring(), () => abort.abort()]) {
    let ended = false
    const wait = alarm.wait(1_000, abort.signal).then(() => {
      ended = true
    })
    await Promise.resolve()
    expect(ended).toBe(false)
    end()
    await wait
    expect(clock.timers.size).toBe(0)
  }
  await alarm.wait(1_000, abort.signal)
})

test('a ring while nobody waits ends the next wait and only that one', async () => {
  const clock = handClock()
  const alarm = new Alarm(clock)
  const { signal } = new AbortController()
  alarm.ring()
  alarm.ring()
  await alarm.wait(1_000, signal)
  const second = alarm.wait(1_000, signal)
  expect(clock.timers.size).toBe(1)
  clock.pass()
  await second
  const untimed = alarm.wait(undefined, signal)
  expect(clock.timers.size).toBe(0)
  alarm.ring()
  await untimed
})
