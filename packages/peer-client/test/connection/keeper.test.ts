import type { DeviceKey } from '@parley/shared/ids.ts'
import {
  DIAL_TIMEOUT_MS,
  MAX_DIALS_PER_TRY,
  MAX_KEPT_DEVICES,
  MAX_RETRY_AFTER_MS,
  SESSION_SETTLED_MS,
} from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import { Keeper, type KeeperOptions } from '#connection/keeper.ts'
import type { RedialState } from '#connection/redial-loop.ts'
import { DirectoryError } from '#directory/directory-error.ts'
import type { FoundEndpoint } from '#discovery/endpoint-finder.ts'
import type { SessionEnd } from '#session/session.ts'
import { SessionError } from '#session/session-error.ts'
import { settled } from '../support/fake-clock.ts'
import { type Answer, at, deviceKey, refused, world } from './world.ts'

const lost: SessionEnd = { by: 'link', reason: 'lost' }

function found(...ports: number[]): FoundEndpoint[] {
  return ports.map((port) => ({ endpoint: at(port), from: 'statement' }))
}

function keeperWorld(
  options: Partial<KeeperOptions> & { found?: readonly (FoundEndpoint | Error)[]; parallel?: number } = {},
) {
  const { found: list = found(1), parallel, ...rest } = options
  const it = world(parallel === undefined ? {} : { parallel })
  const states: RedialState[] = []
  const finder = {
    async *find() {
      for (const next of list) {
        await Promise.resolve()
        if (next instanceof Error) throw next
        yield next
      }
    },
  }
  const keeper = new Keeper({
    dialler: it.dialler,
    finder,
    random: () => 1,
    onState: (_, state) => states.push(state),
    ...rest,
  })
  return {
    ...it,
    states,
    keeper,
    goUp(device: DeviceKey) {
      it.sessions.connect(device)
      keeper.sessionUp(device)
    },
    goDown(device: DeviceKey, end: SessionEnd = lost) {
      it.sessions.disconnect(device)
      keeper.sessionDown(device, end)
    },
    [Symbol.asyncDispose]: () => keeper.stop(),
  }
}

test('a device is dialled at once and then ever more rarely, at least every five minutes', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  expect(it.keeper.want(bob)).toBe(true)
  await settled()
  expect(it.keeper.state(bob)).toMatchObject({
    state: 'waiting',
    until: it.clock.now() + 2_000,
    attempt: 2,
    failure: { outcome: 'link-failed', detail: 'connection refused' },
  })
  await it.clock.advance(3_600_000)
  const waits = it.sessions.dialledAt.map((ms, index, all) => ms - (all[index - 1] ?? 0))
  expect(waits.slice(0, 11)).toEqual([0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000))
  expect(new Set(waits.slice(9))).toEqual(new Set([300_000]))
  expect(it.sessions.dials.every((dial) => dial.expect === bob)).toBe(true)
})

test('the endpoints are dialled one after the other, each for its time, until one answers', async () => {
  await using it = keeperWorld({ found: found(1, 2, 3, 4) })
  const bob = deviceKey()
  const answers = new Map<number, Answer>([
    [1, 'hang'],
    [2, new SessionError('wrong-peer', 'somebody else answered')],
    [3, bob],
  ])
  it.sessions.answer = ({ port }) => answers.get(port) ?? refused()
  it.keeper.want(bob)
  await it.clock.advance(DIAL_TIMEOUT_MS - 1)
  expect(it.sessions.dials).toHaveLength(1)
  expect(it.keeper.state(bob)).toEqual({ state: 'trying', attempt: 1 })
  await it.clock.advance(1)
  expect(it.keeper.state(bob)).toEqual({ state: 'connected' })
  expect(it.sessions.dials.map((dial) => dial.endpoint.port)).toEqual([1, 2, 3])
  expect(it.sessions.mostActive).toBe(1)
  expect(
    it.attempts.map(({ what, endpoint, outcome, device, at: when }) => [
      what,
      endpoint?.port,
      outcome,
      device === bob,
      when,
    ]),
  ).toEqual([
    ['dial', 1, 'timed-out', true, it.clock.now()],
    ['dial', 2, 'wrong-peer', true, it.clock.now()],
    ['dial', 3, 'ok', true, it.clock.now()],
  ])
  await it.clock.advance(3_600_000)
  expect(it.sessions.dials).toHaveLength(3)
  expect(it.clock.timers).toBe(0)
})

test('a session that somebody else began ends the tries', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.keeper.want(bob)
  await settled()
  it.goUp(bob)
  await settled()
  expect(it.keeper.state(bob)).toEqual({ state: 'connected' })
  await it.clock.advance(3_600_000)
  expect(it.sessions.dials).toHaveLength(1)

  const carol = deviceKey()
  it.sessions.connect(carol)
  it.keeper.want(carol)
  await it.clock.advance(3_600_000)
  expect(it.keeper.state(carol)).toEqual({ state: 'connected' })
  expect(it.sessions.dials).toHaveLength(1)
})

test('a lost session is dialled again at once and once, unless it had lasted', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.sessions.answer = () => bob
  it.keeper.want(bob)
  await settled()
  it.goUp(bob)
  const dials = async (afterMs: number) => {
    await it.clock.advance(afterMs)
    const before = it.sessions.dials.length
    it.goDown(bob)
    await settled()
    const atOnce = it.sessions.dials.length - before
    await it.clock.advance(it.clock.nextInMs ?? 0)
    it.goUp(bob)
    await settled()
    return [atOnce, it.sessions.dials.length - before]
  }
  expect(await dials(10)).toEqual([1, 1])
  expect(await dials(10)).toEqual([0, 1])
  expect(await dials(SESSION_SETTLED_MS - 1)).toEqual([0, 1])
  expect(await dials(SESSION_SETTLED_MS)).toEqual([1, 1])
  expect(await dials(SESSION_SETTLED_MS)).toEqual([1, 1])
})

test('the end of one session is nothing while the device has another', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.sessions.answer = () => bob
  it.keeper.want(bob)
  await settled()
  it.keeper.sessionUp(bob)
  it.keeper.sessionDown(bob, { by: 'us', reason: 'replaced' })
  await it.clock.advance(1_000)
  expect(it.keeper.state(bob)).toEqual({ state: 'connected' })
  expect(it.sessions.dials).toHaveLength(1)
})

test('whoever said bye is left alone for a moment, and for as long as it asked, whatever pokes', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.sessions.answer = () => bob
  it.keeper.want(bob)
  await settled()
  it.goUp(bob)
  await it.clock.advance(SESSION_SETTLED_MS)
  it.goDown(bob, { by: 'peer', reason: 'stopping' })
  await settled()
  expect(it.keeper.state(bob)).toMatchObject({
    state: 'waiting',
    until: it.clock.now() + 2_000,
    failure: { outcome: 'stopping' },
  })
  await it.clock.advance(2_000)
  it.goUp(bob)
  it.goDown(bob, { by: 'peer', reason: 'busy', retryAfterMs: 20_000 })
  it.keeper.poke(bob)
  await it.clock.advance(19_999)
  expect(it.sessions.dials).toHaveLength(2)
  await it.clock.advance(1)
  expect(it.sessions.dials).toHaveLength(3)

  it.goUp(bob)
  it.goDown(bob, { by: 'peer', reason: 'busy', retryAfterMs: 10 * MAX_RETRY_AFTER_MS })
  await settled()
  expect(it.keeper.state(bob)).toMatchObject({ until: it.clock.now() + MAX_RETRY_AFTER_MS })
})

test('a refusal that asks for patience ends the try, for its other endpoints lead to the same device', async () => {
  await using it = keeperWorld({ found: found(1, 2) })
  const bob = deviceKey()
  it.sessions.answer = () => new SessionError('refused', 'busy', { bye: { reason: 'busy', retryAfterMs: 60_000 } })
  it.keeper.want(bob)
  await settled()
  expect(it.sessions.dials).toHaveLength(1)
  expect(it.keeper.state(bob)).toMatchObject({ until: it.clock.now() + 60_000, failure: { outcome: 'refused' } })
})

test('a poke brings the next try forward, but a thousand make no more than one try a second', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.keeper.want(bob)
  await it.clock.advance(100_000)
  const before = it.sessions.dials.length
  it.keeper.poke(bob)
  await settled()
  expect(it.sessions.dials).toHaveLength(before + 1)
  const started = it.sessions.dials.length
  for (let index = 0; index < 1_000; index += 1) {
    it.keeper.poke(bob)
    await it.clock.advance(10)
  }
  expect(it.sessions.dials.length - started).toBe(10)
  it.keeper.poke(deviceKey())
})

test('a poke in the middle of a try counts for the next one', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.keeper.want(bob)
  await it.clock.advance(500_000)
  it.sessions.answer = () => 'hang'
  it.keeper.poke(bob)
  await it.clock.advance(3_000)
  expect(it.keeper.state(bob)).toMatchObject({ state: 'trying' })
  it.keeper.poke(bob)
  it.sessions.answer = () => bob
  await it.clock.advance(3_000)
  expect(it.keeper.state(bob)).toMatchObject({ state: 'waiting', until: it.clock.now() + 1_000 })
  await it.clock.advance(1_000)
  expect(it.keeper.state(bob)).toEqual({ state: 'connected' })
})

test('only so many dials at once, and those that somebody waits for go first', async () => {
  await using it = keeperWorld({ parallel: 2 })
  const devices = Array.from({ length: 6 }, deviceKey)
  for (const device of devices) it.keeper.want(device)
  it.sessions.answer = () => 'hang'
  const last = devices[5] ?? deviceKey()
  await it.clock.advance(1_000)
  expect(it.sessions.dials).toHaveLength(2)
  await it.clock.advance(60_000)
  expect(it.sessions.mostActive).toBe(2)
  await it.keeper.stop()

  await using other = keeperWorld({ parallel: 1 })
  other.sessions.answer = () => refused()
  other.keeper.want(last)
  await settled()
  other.sessions.answer = () => 'hang'
  for (const device of devices.slice(0, 3)) other.keeper.want(device)
  await settled()
  other.keeper.poke(last)
  await other.clock.advance(1_000)
  other.sessions.dials.length = 0
  await other.clock.advance(DIAL_TIMEOUT_MS - 1_000)
  expect(other.sessions.dials.map((dial) => dial.expect)).toEqual([last])
})

test('what cannot be dialled is told: refused addresses, no endpoints, a directory that is away', async () => {
  const told = async (list: readonly (FoundEndpoint | Error)[]) => {
    await using it = keeperWorld({ found: list })
    const bob = deviceKey()
    it.keeper.want(bob)
    await settled()
    const state = it.keeper.state(bob)
    return {
      attempts: it.attempts.map(({ what, outcome }) => `${what} ${outcome}`),
      failure: state?.state === 'waiting' ? state.failure.outcome : state?.state,
    }
  }
  const metadata: FoundEndpoint = { endpoint: at(80, '169.254.169.254'), refused: 'metadata' }
  const away = new DirectoryError('unreachable', 'the directory cannot be reached')
  expect(await told([])).toEqual({ attempts: ['look-up no-endpoints'], failure: 'no-endpoints' })
  expect(await told([metadata])).toEqual({ attempts: ['dial refused-address'], failure: 'refused-address' })
  expect(await told([away])).toEqual({ attempts: ['look-up unreachable'], failure: 'unreachable' })
  expect(await told([metadata, ...found(1)])).toEqual({
    attempts: ['dial refused-address', 'dial link-failed'],
    failure: 'link-failed',
  })
  expect(await told([...found(1), away])).toEqual({
    attempts: ['dial link-failed', 'look-up unreachable'],
    failure: 'link-failed',
  })
})

test('a device with endless endpoints is dialled at a bounded number of them', async () => {
  await using it = keeperWorld({ found: found(...Array.from({ length: 100 }, (_, index) => index + 1)) })
  it.keeper.want(deviceKey())
  await settled()
  expect(it.sessions.dials).toHaveLength(MAX_DIALS_PER_TRY)
})

test('a device that is no longer wanted is dialled no more, and wanting it twice changes nothing', async () => {
  await using it = keeperWorld()
  const bob = deviceKey()
  it.sessions.answer = () => 'hang'
  it.keeper.want(bob)
  it.keeper.want(bob)
  await settled()
  expect(it.sessions.active).toBe(1)
  it.keeper.unwant(bob)
  it.keeper.unwant(bob)
  await settled()
  expect(it.sessions.active).toBe(0)
  expect(it.keeper.state(bob)).toBeUndefined()
  expect(it.states.at(-1)).toEqual({ state: 'stopped' })
  expect(it.attempts).toEqual([])
  expect(it.clock.timers).toBe(0)
  it.keeper.want(bob)
  await settled()
  expect(it.sessions.dials).toHaveLength(2)
  expect(it.keeper.list()).toEqual([{ device: bob, state: { state: 'trying', attempt: 1 } }])
})

test('beyond that limit the device that failed most often makes room, and nobody who is connected', async () => {
  await using it = keeperWorld()
  const [first, friend] = [deviceKey(), deviceKey()]
  it.sessions.answer = (_, device) => (device === friend ? friend : refused())
  it.keeper.want(first)
  it.keeper.want(friend)
  await settled()
  it.keeper.sessionUp(friend)
  await it.clock.advance(60 * 60_000)
  for (let index = 2; index < MAX_KEPT_DEVICES; index += 1) it.keeper.want(deviceKey())
  await settled()
  const last = deviceKey()
  expect(it.keeper.want(last)).toBe(true)
  const kept = it.keeper.list().map(({ device }) => device)
  expect(kept).toHaveLength(MAX_KEPT_DEVICES)
  expect([last, friend, first].map((device) => kept.includes(device))).toEqual([true, true, false])
  // All others were tried once: they stay.
  expect(it.keeper.want(deviceKey())).toBe(false)
})

test('there is a limit to how many devices are kept, and stopping leaves nothing', async () => {
  await using it = keeperWorld()
  it.sessions.answer = (_, expected) => (expected === undefined ? refused() : expected)
  for (let index = 0; index < MAX_KEPT_DEVICES; index += 1) expect(it.keeper.want(deviceKey())).toBe(true)
  expect(it.keeper.want(deviceKey())).toBe(false)
  await settled()
  await it.keeper.stop()
  await it.keeper.stop()
  expect(it.keeper.list()).toEqual([])
  expect(it.keeper.want(deviceKey())).toBe(false)
  expect(it.clock.timers).toBe(0)
})
