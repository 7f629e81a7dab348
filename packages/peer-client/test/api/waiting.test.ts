import { expect, test } from 'vitest'
import { runApi } from '../support/running-api.ts'

test('a wait is answered when the state is reached', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const { id } = await world.client.send('bob', 'hello')
  const waiting = world.client.waitFor(id, 'delivered', { timeoutMs: 60_000 })
  await world.daemon.calls.until(({ what }) => what === 'wait')
  world.daemon.change(id, { state: 'sent' })
  world.daemon.change(id, { state: 'delivered' })
  expect(await waiting).toMatchObject({ id, state: 'delivered' })
})

test('a wait ends with its time, and tells how far it came', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const { id } = await world.client.send('bob', 'hello')
  world.daemon.change(id, { state: 'sent' })
  expect(await world.client.waitFor(id, 'delivered', { timeoutMs: 20 })).toMatchObject({ state: 'sent' })
  expect(await world.client.waitFor(id, 'sent', { timeoutMs: 60_000 })).toMatchObject({ state: 'sent' })
  expect(await world.client.waitFor(id, 'delivered', { timeoutMs: 0 })).toMatchObject({ state: 'sent' })
})

test('a wait ends when whoever waits goes away', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const { id } = await world.client.send('bob', 'hello')
  const gone = new AbortController()
  const waiting = world.client.waitFor(id, 'delivered', { timeoutMs: 60_000, signal: gone.signal })
  await world.daemon.calls.until(({ what }) => what === 'wait')
  gone.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  await world.daemon.calls.until(({ what }) => what === 'wait-ended')
})

test('a wait is answered with what there is when the daemon stops', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const { id } = await world.client.send('bob', 'hello')
  const waiting = world.client.waitFor(id, 'delivered', { timeoutMs: 30_000 })
  await world.daemon.calls.until(({ what }) => what === 'wait')
  const stopped = world.api.stop()
  expect(await waiting).toMatchObject({ id, state: 'queued' })
  await stopped
  await world.api.stop()
  await expect(world.client.status()).rejects.toMatchObject({ code: 'no-connection' })
})
