import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { expect, test } from 'vitest'
import type { Attempt } from '#connection/attempt.ts'
import { Dialler } from '#connection/dialler.ts'
import { type FixedPeer, FixedPeers } from '#connection/fixed-peers.ts'
import { Keeper } from '#connection/keeper.ts'
import type { RedialState } from '#connection/redial-loop.ts'
import type { FoundEndpoint } from '#discovery/endpoint-finder.ts'
import type { Session } from '#session/session.ts'
import { Sessions } from '#session/sessions.ts'
import { tcp } from '#transport/tcp.ts'
import { type Device, makeDevice } from '../session/world.ts'
import { Seen } from '../support/seen.ts'

/** Sessions over TCP with a keeper above them, wired as a peer does it. */
function peerOf(device: Device, endpoints: () => readonly Endpoint[] = () => []) {
  const ups = new Seen<Session>()
  const attempts = new Seen<Attempt>()
  const states = new Seen<{ device: DeviceKey; state: RedialState }>()
  const sessions = new Sessions({
    self: device.key,
    credentials: device.credentials,
    transports: [tcp],
    greeting: () => device.greeting,
    onFrame: () => undefined,
    onUp: (session) => {
      ups.push(session)
      keeper.sessionUp(session.device)
      fixed.sessionUp(session.device)
    },
    onDown: (session, end) => {
      keeper.sessionDown(session.device, end)
      fixed.sessionDown(session.device, end)
    },
  })
  const dialler = new Dialler({ sessions, onAttempt: attempts.push })
  const finder = {
    async *find(): AsyncGenerator<FoundEndpoint> {
      await Promise.resolve()
      for (const endpoint of endpoints()) yield { endpoint, from: 'statement' }
    },
  }
  const keeper = new Keeper({ dialler, finder, onState: (of, state) => states.push({ device: of, state }) })
  const given = new Seen<FixedPeer>()
  const fixed = new FixedPeers({ dialler, onState: given.push })
  return {
    sessions,
    keeper,
    fixed,
    given,
    ups,
    attempts,
    states,
    listen: async (port = 0): Promise<Endpoint> => {
      const listener = await sessions.listen({ host: '127.0.0.1', port })
      return { transport: 'tcp', host: '127.0.0.1', port: listener.port }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([keeper.stop(), fixed.stop()])
      await sessions.stop()
    },
  }
}

test('over TCP a kept session comes up, comes back when the line breaks, and follows the device to its next address', async () => {
  const [alice, bob, mallory] = await Promise.all([makeDevice('alice'), makeDevice('bob'), makeDevice('mallory')])
  await using stranger = peerOf(mallory)
  let endpoints: Endpoint[] = [await stranger.listen()]
  await using asAlice = peerOf(alice, () => endpoints)
  const first = peerOf(bob)
  endpoints.push(await first.listen())

  asAlice.keeper.want(bob.key)
  const session = await asAlice.ups.until(({ device }) => device === bob.key)
  expect(asAlice.attempts.all.map(({ outcome }) => outcome)).toEqual(['wrong-peer'])
  await asAlice.attempts.until(({ outcome }) => outcome === 'ok')

  const again = asAlice.ups.next(({ device }) => device === bob.key)
  session.abort(new Error('the cable was pulled'))
  expect(await again).not.toBe(session)

  const waiting = asAlice.states.next(({ state }) => state.state === 'waiting')
  await first[Symbol.asyncDispose]()
  expect(await waiting).toMatchObject({ state: { failure: { outcome: 'stopping' } } })

  await using second = peerOf(bob)
  endpoints = [await second.listen()]
  const back = asAlice.ups.next(({ device }) => device === bob.key)
  asAlice.keeper.poke(bob.key)
  expect((await back).isOpen).toBe(true)
})

test('two peers that keep each other end with one session, whoever dialled', async () => {
  const [alice, bob] = await Promise.all([makeDevice('alice'), makeDevice('bob')])
  const places = new Map<Device, Endpoint>()
  const placeOf = (device: Device) => () => [places.get(device)].filter((place) => place !== undefined)
  await using asAlice = peerOf(alice, placeOf(bob))
  await using asBob = peerOf(bob, placeOf(alice))
  places.set(alice, await asAlice.listen())
  places.set(bob, await asBob.listen())
  asAlice.keeper.want(bob.key)
  asBob.keeper.want(alice.key)
  await Promise.all([
    asAlice.states.until(({ state }) => state.state === 'connected'),
    asBob.states.until(({ state }) => state.state === 'connected'),
  ])
  expect(asAlice.sessions.current(bob.key)?.isOpen).toBe(true)
  expect(asBob.sessions.current(alice.key)?.isOpen).toBe(true)
  expect(asAlice.sessions.list()).toHaveLength(1)
})

test('an address given by the user is reached by name, and the keeper takes the device up without a second dial', async () => {
  const [alice, bob] = await Promise.all([makeDevice('alice'), makeDevice('bob')])
  await using asBob = peerOf(bob)
  const { port } = await asBob.listen()
  await using asAlice = peerOf(alice)
  asAlice.fixed.add({ host: 'localhost', port })
  expect(await asAlice.given.until(({ state }) => state.state === 'connected')).toMatchObject({ device: bob.key })
  asAlice.keeper.want(bob.key)
  await asAlice.states.until(({ state }) => state.state === 'connected')
  expect(asAlice.attempts.all.filter(({ outcome }) => outcome === 'ok')).toHaveLength(1)
})
