import { describe, expect, test } from 'vitest'
import { keepAlive } from '#session/keep-alive.ts'
import { ManualClock } from './manual-clock.ts'

function start({ pingMs = 30, deadMs = 90 } = {}) {
  const clock = new ManualClock()
  const events: string[] = []
  const line = {
    heardAtMs: 0,
    isPaused: false,
    ping: () => events.push(`ping at ${clock.elapsedMs()}`),
    fellSilent: () => events.push(`silent at ${clock.elapsedMs()}`),
  }
  const stop = keepAlive(line, clock, { pingMs, deadMs })
  return { clock, events, line, stop }
}

describe('keeping a line alive', () => {
  test('pings at its interval, and gives up when nothing was heard for the whole time', () => {
    const { clock, events } = start()
    clock.advance(1_000)
    expect(events).toEqual(['ping at 30', 'ping at 60', 'silent at 90'])
    expect(clock.timers).toBe(0)
  })

  test('anything heard puts the end off, by as much as it came later', () => {
    const { clock, events, line } = start()
    clock.advance(59)
    line.heardAtMs = 59
    clock.advance(1_000)
    expect(events).toEqual(['ping at 30', 'ping at 60', 'ping at 90', 'ping at 120', 'silent at 149'])
  })

  test('goes on for as long as answers come', () => {
    const { clock, events, line } = start()
    for (let i = 0; i < 100; i += 1) {
      clock.advance(30)
      line.heardAtMs = clock.elapsedMs()
    }
    expect(events).toHaveLength(100)
    expect(events.at(-1)).toBe('ping at 3000')
  })

  test('silence does not count while this side does not read', () => {
    const { clock, events, line } = start()
    line.isPaused = true
    clock.advance(900)
    expect(events.at(-1)).toBe('ping at 900')
    line.isPaused = false
    clock.advance(89)
    expect(events.at(-1)).toBe('ping at 960')
    clock.advance(1)
    expect(events.at(-1)).toBe('silent at 990')
  })

  test('ends when it is stopped', () => {
    const { clock, events, stop } = start()
    clock.advance(30)
    stop()
    stop()
    clock.advance(1_000)
    expect(events).toEqual(['ping at 30'])
    expect(clock.timers).toBe(0)
  })
})
