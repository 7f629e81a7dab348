import { DeviceKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { expect, test } from 'vitest'
import { Ratchets } from '#encryption/ratchets.ts'
import { generateSignalIdentity } from '#encryption/signal-identity.ts'
import { openDatabase } from '#store/database.ts'
import { introduce, TestDevice } from './device.ts'

test('an identity survives being written as JSON, and goes on where it was', async () => {
  using alice = new TestDevice()
  using bob = new TestDevice()
  await introduce(alice, bob)
  const identity: unknown = JSON.parse(JSON.stringify(bob.identity))
  expect(identity).toEqual({
    publicKey: expect.stringMatching(/^B[A-Za-z0-9_-]{43}$/),
    privateKey: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    registrationId: expect.any(Number),
  })
  const restarted = new Ratchets({ database: bob.database, signalIdentity: { ...bob.identity }, myDevice: bob.device })
  const bytes = await alice.seal(bob, 'after the restart')
  expect(Buffer.from((await restarted.open({ ...alice.certified, bytes })).plaintext).toString()).toBe(
    'after the restart',
  )
})

test('registration ids stay in the range that bundles may carry', () => {
  const ids = Array.from({ length: 200 }, () => generateSignalIdentity().registrationId)
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...ids)).toBeLessThanOrEqual(0x3f_ff)
  expect(new Set(ids).size).toBeGreaterThan(150)
})

test.each([
  ['halves of two identities', () => ({ ...generateSignalIdentity(), publicKey: generateSignalIdentity().publicKey })],
  ['a private key of the wrong length', () => ({ ...generateSignalIdentity(), privateKey: 'AAAA' })],
])('an identity made of %s is refused', (_, make) => {
  const database = openDatabase(':memory:')
  try {
    const myDevice = generateKeyPair(DeviceKey).publicKey
    expect(() => new Ratchets({ database, signalIdentity: make(), myDevice })).toThrow(
      expect.objectContaining({ code: 'bad-identity' }),
    )
  } finally {
    database.close()
  }
})
