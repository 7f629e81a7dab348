import { once } from 'node:events'
import { createServer } from 'node:http'
import { LOW_ONE_TIME_PREKEYS, PREKEY_REFILL_MIN_MS, REGISTRATION_CHECK_MS } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import type { DirectoryClient } from '#directory/directory-client.ts'
import { Registration, type RegistrationOptions, type RegistrationState } from '#directory/registration.ts'
import type { Identity } from '#identity/identity.ts'
import { clientOf } from '../support/clients.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { json, startHostileDirectory, userOf } from '../support/hostile-directory.ts'
import { identityOf } from '../support/identities.ts'
import { fakePrekeys } from '../support/prekeys.ts'
import { startDirectory } from '../support/running-directory.ts'
import { Seen } from '../support/seen.ts'

const said = { endpoints: [{ transport: 'tcp' as const, host: '127.0.0.1', port: 8000 }], features: [] }

function registrationOf(identity: Identity, directory: DirectoryClient, options: Partial<RegistrationOptions> = {}) {
  const states = new Seen<RegistrationState>()
  const batches: number[] = []
  let nextId = 1
  const registration = new Registration({
    directory,
    identity,
    statement: () => said,
    prekeys: (held) => {
      batches.push(held)
      const batch = fakePrekeys(nextId, 30)
      nextId += 30
      return batch
    },
    onState: states.push,
    random: () => 0,
    ...options,
  })
  registration.start()
  return { registration, states, batches, [Symbol.asyncDispose]: () => registration.stop() }
}

const isState = (state: RegistrationState['state']) => (seen: RegistrationState) => seen.state === state

test('a new account is registered with its statement and prekeys, and says in words what it does', async () => {
  await using directory = await startDirectory()
  const alice = await identityOf('Alice')
  using client = clientOf(alice, directory.url)
  const seenFrom: (string | undefined)[] = []
  await using kept = registrationOf(alice, client, {
    statement: (observedAddress) => {
      seenFrom.push(observedAddress)
      return said
    },
    said: () => ({ profile: { statusText: 'here' } }),
  })
  await kept.states.until(isState('registered'))
  expect(kept.states.all.flatMap((state) => (state.state === 'working' ? [state.on] : []))).toEqual([
    'publishing the account record',
    'publishing the device statement',
    'uploading prekeys',
  ])
  expect(seenFrom).toEqual(['127.0.0.1'])
  expect(kept.batches).toEqual([0])
  expect(await client.lookup(alice.name)).toMatchObject({
    account: { record: { displayName: 'Alice', profile: { statusText: 'here' } } },
    statements: [said],
  })
  expect(await client.prekeyCount()).toBe(30)
})

test('a look at what is all there changes nothing, and a change of endpoints is published', async () => {
  await using directory = await startDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  let port = 8000
  await using kept = registrationOf(alice, client, {
    statement: () => ({ ...said, endpoints: [{ transport: 'tcp', host: '127.0.0.1', port }] }),
  })
  await kept.states.until(isState('registered'))
  const before = (await client.lookup(alice.name))?.statements[0]
  const again = kept.states.next(isState('registered'))
  kept.registration.refresh()
  await again
  expect((await client.lookup(alice.name))?.statements[0]).toEqual(before)
  port = 9000
  const moved = kept.states.next(isState('registered'))
  kept.registration.refresh()
  await moved
  const after = (await client.lookup(alice.name))?.statements[0]
  expect(after?.endpoints).toEqual([{ transport: 'tcp', host: '127.0.0.1', port: 9000 }])
  expect(after?.seq).toBeGreaterThan(before?.seq ?? 0)
})

test('prekeys are refilled when they run low, and a directory that keeps asking is served once a minute', async () => {
  await using directory = await startDirectory()
  const [alice, bob] = [await identityOf('alice'), await identityOf('bob')]
  using client = clientOf(alice, directory.url)
  using asBob = clientOf(bob, directory.url)
  await asBob.publishRecord()
  const clock = new FakeClock()
  let isSignedPrekeyOld = false
  const isBatchDue = (held: number) => held < LOW_ONE_TIME_PREKEYS || isSignedPrekeyOld
  await using kept = registrationOf(alice, client, { clock, isBatchDue })
  await kept.states.until(isState('registered'))
  for (let count = 0; count < 8; count += 1) await asBob.claimPrekeys(alice.name, alice.device.publicKey)
  expect(await client.prekeyCount()).toBeLessThan(LOW_ONE_TIME_PREKEYS)
  kept.registration.prekeysLeft(LOW_ONE_TIME_PREKEYS)
  expect(clock.timers).toBe(1)
  for (const oneTime of [22, 0, 0]) kept.registration.prekeysLeft(oneTime)
  expect(clock.timers).toBe(2)
  expect(clock.nextInMs).toBe(PREKEY_REFILL_MIN_MS)
  const refilled = kept.states.next(isState('registered'))
  await clock.advance(PREKEY_REFILL_MIN_MS)
  await refilled
  expect(kept.batches).toEqual([0, 22])
  expect(await client.prekeyCount()).toBe(52)
  // The signed prekey of the week goes there whatever is left of the others.
  isSignedPrekeyOld = true
  const renewed = kept.states.next(isState('registered'))
  await clock.advance(REGISTRATION_CHECK_MS)
  await renewed
  expect(kept.batches).toEqual([0, 22, 52])
})

test('a directory that asks for patience gets it', async () => {
  const server = createServer((_request, response) => response.writeHead(503, { 'retry-after': '120' }).end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  using client = clientOf(
    await identityOf('alice'),
    `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
  )
  const clock = new FakeClock()
  await using kept = registrationOf(await identityOf('alice'), client, { clock })
  expect(await kept.states.until(isState('waiting'))).toMatchObject({ until: clock.now() + 120_000 })
  server.closeAllConnections()
  server.close()
})

test('while the directory is away it tries again, and it says until when it waits', async () => {
  await using directory = await startDirectory()
  const alice = await identityOf('alice')
  await directory.stop()
  using client = clientOf(alice, directory.url)
  const clock = new FakeClock()
  await using kept = registrationOf(alice, client, { clock })
  const waiting = await kept.states.until(isState('waiting'))
  expect(waiting).toMatchObject({ until: clock.now() + 1_000, error: { code: 'unreachable' } })
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const next = kept.states.next(isState('waiting'))
    await clock.advance(1_000)
    await next
  }
  await directory.restart()
  const registered = kept.states.next(isState('registered'))
  await clock.advance(1_000)
  expect(await registered).toEqual({ state: 'registered', at: clock.now() })
})

test('a refusal is shown, and looked at again less and less often, or when told', async () => {
  await using directory = await startDirectory()
  const [first, second] = [await identityOf('alice'), await identityOf('alice')]
  using asFirst = clientOf(first, directory.url)
  using asSecond = clientOf(second, directory.url)
  await asFirst.publishRecord()
  const clock = new FakeClock()
  await using kept = registrationOf(second, asSecond, { clock })
  expect(await kept.states.until(isState('refused'))).toMatchObject({ error: { code: 'name-taken' } })
  await asFirst.retire()
  const later = kept.states.next(isState('refused'))
  await clock.advance(clock.nextInMs ?? 0)
  expect(await later).toMatchObject({ error: { code: 'name-reserved' } })
  const told = kept.states.next(isState('refused'))
  kept.registration.refresh()
  await told
})

test('a failure of our own part is shown and does not end the loop', async () => {
  await using directory = await startDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  let fails = true
  await using kept = registrationOf(alice, client, {
    prekeys: () => {
      if (fails) throw new Error('the disk is full')
      return fakePrekeys(1, 30)
    },
  })
  expect(await kept.states.until(isState('refused'))).toMatchObject({ error: { message: 'the disk is full' } })
  fails = false
  kept.registration.refresh()
  await kept.states.until(isState('registered'))
})

test('stopping ends a call that hangs, and leaves no timer', async () => {
  await using directory = await startHostileDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  const clock = new FakeClock()
  const asked = Promise.withResolvers<void>()
  directory.answer(() => asked.resolve())
  const hanging = registrationOf(alice, client, { clock })
  await asked.promise
  await hanging.registration.stop()
  await hanging.registration.stop()
  expect(hanging.registration.state).toEqual({ state: 'stopped' })

  const user = await userOf(alice, directory.audience)
  directory.answer((request, response) =>
    json(response, 200, request.url?.endsWith('/prekeys') === true ? { oneTime: 30 } : user),
  )
  const registered = registrationOf(alice, client, { clock })
  await registered.states.until(isState('registered'))
  registered.registration.prekeysLeft(0)
  await registered.registration.stop()
  registered.registration.prekeysLeft(0)
  expect(clock.timers).toBe(0)
})
