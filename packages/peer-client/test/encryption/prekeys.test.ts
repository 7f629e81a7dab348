import {
  MAX_KEPT_ONE_TIME_PREKEYS,
  MAX_ONE_TIME_PREKEYS,
  MAX_PREKEY_BODY_BYTES,
  MAX_SIGNED_PREKEY_AGE_MS,
  MAX_USED_BASE_KEYS,
  PREKEYS_KEPT_MS,
  SIGNED_PREKEY_ROTATION_MS,
} from '@parley/shared/limits.ts'
import { PrekeyBatch, PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { describe, expect, test } from 'vitest'
import { Prekeys } from '#encryption/prekeys.ts'
import { codeOf, introduce, TestDevice } from './device.ts'

describe('a batch', () => {
  test('has the signed, the last-resort and as many one-time prekeys as the directory lacks, and fits its route', () => {
    using bob = new TestDevice()
    const { batch } = bob.prekeys.batch(0)
    expect(PrekeyBatch.parse(batch)).toEqual(batch)
    expect(batch.oneTime).toHaveLength(MAX_ONE_TIME_PREKEYS)
    const body = JSON.stringify({ upload: 'x'.repeat(1024), prekeys: JSON.stringify(batch) })
    expect(body.length).toBeLessThan(MAX_PREKEY_BODY_BYTES)
    expect(bob.prekeys.batch(97).batch.oneTime).toHaveLength(3)
    expect(bob.prekeys.batch(500).batch.oneTime).toHaveLength(0)
  })

  test('leaves nothing behind when its change is dropped', () => {
    using bob = new TestDevice()
    bob.prekeys.batch(0)
    expect(['curve_prekeys', 'signed_prekeys', 'kyber_prekeys'].map((table) => bob.count(table))).toEqual([0, 0, 0])
  })

  test('begins a ratchet with each of its one-time prekeys', async () => {
    using bob = new TestDevice()
    const { batch, change } = bob.prekeys.batch(98)
    bob.commit(change)
    const { registrationId, signed, oneTime } = batch
    for (const { curve, kyber } of oneTime) {
      using initiator = new TestDevice()
      const first = await initiator.seal(bob, 'hi', { v: 1, registrationId, signed, curve, kyber })
      expect(await bob.open(initiator, first)).toEqual({ text: 'hi', begun: true })
    }
    expect(bob.count('curve_prekeys')).toBe(0)
    expect(bob.count('kyber_prekeys')).toBe(1)
  })

  test('is due when few one-time prekeys are left, and when the signed one is a week old', () => {
    using bob = new TestDevice()
    expect(bob.prekeys.isBatchDue(100)).toBe(true)
    const { change } = bob.prekeys.batch(0)
    bob.commit(change)
    expect(bob.prekeys.isBatchDue(100)).toBe(false)
    expect(bob.prekeys.isBatchDue(24)).toBe(true)
    bob.now += SIGNED_PREKEY_ROTATION_MS + 1
    expect(bob.prekeys.isBatchDue(100)).toBe(true)
  })

  test('keeps the signed and last-resort prekeys for a week and then renews them', () => {
    using bob = new TestDevice()
    const first = bob.prekeys.batch(100)
    bob.commit(first.change)
    bob.now += SIGNED_PREKEY_ROTATION_MS
    const second = bob.prekeys.batch(100)
    bob.commit(second.change)
    expect(second.batch).toEqual(first.batch)
    bob.now += 1
    const third = bob.prekeys.batch(100)
    bob.commit(third.change)
    expect(third.batch.signed).not.toEqual(first.batch.signed)
    expect(third.batch.lastResort).not.toEqual(first.batch.lastResort)
  })

  test('is renewed once when the clock was set back', () => {
    using bob = new TestDevice()
    const ahead = bob.prekeys.batch(100)
    bob.commit(ahead.change)
    bob.now -= 3 * 24 * 60 * 60 * 1000
    const back = bob.prekeys.batch(100)
    bob.commit(back.change)
    expect(back.batch.signed).not.toEqual(ahead.batch.signed)
    expect(bob.prekeys.batch(100).batch.signed).toEqual(back.batch.signed)
    expect(bob.prekeys.isBatchDue(100)).toBe(false)
  })
})

describe('a bundle', () => {
  test('has a one-time pair of its own each time, and the signed prekey of the batch', () => {
    using bob = new TestDevice()
    const { batch, change } = bob.prekeys.batch(100)
    bob.commit(change)
    const [one, other] = [bob.bundle(), bob.bundle()]
    expect(PrekeyBundle.parse(one)).toEqual(one)
    expect(one.signed).toEqual(batch.signed)
    expect(one.kyber.publicKey).not.toBe(other.kyber.publicKey)
    expect(one.curve?.publicKey).not.toBe(other.curve?.publicKey)
  })

  test('does not renew the signed prekey before the directory must have got a newer one', () => {
    using bob = new TestDevice()
    const first = bob.bundle()
    bob.now += SIGNED_PREKEY_ROTATION_MS + 1
    expect(bob.prekeys.isBatchDue(100)).toBe(true)
    expect(bob.bundle().signed).toEqual(first.signed)
    expect(bob.prekeys.isBatchDue(100)).toBe(true)
    bob.now += MAX_SIGNED_PREKEY_AGE_MS
    expect(bob.bundle().signed).not.toEqual(first.signed)
  })

  test('with an older signed prekey still begins a ratchet, until its private half is deleted', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const old = [bob.bundle(), bob.bundle()] as const
    bob.now += PREKEYS_KEPT_MS
    bob.bundle()
    expect((await bob.open(alice, await alice.seal(bob, 'late', old[0]))).begun).toBe(true)
    bob.now += 1
    bob.bundle()
    expect(await codeOf(bob.open(alice, await alice.seal(bob, 'too late', old[1])))).toBe('unknown-prekey')
  })

  test('is good for one ratchet: the second device that uses it is told so', async () => {
    using alice = new TestDevice()
    using carol = new TestDevice()
    using bob = new TestDevice()
    const bundle = bob.bundle()
    await bob.open(alice, await alice.seal(bob, 'first', bundle))
    expect(await codeOf(bob.open(carol, await carol.seal(bob, 'second', bundle)))).toBe('unknown-prekey')
    expect((await bob.open(carol, await carol.seal(bob, 'again', bob.bundle()))).text).toBe('again')
  })

  test('used by two devices at the same moment begins one ratchet', async () => {
    using alice = new TestDevice()
    using carol = new TestDevice()
    using bob = new TestDevice()
    const bundle = bob.bundle()
    const [fromAlice, fromCarol] = [await alice.seal(bob, 'a', bundle), await carol.seal(bob, 'c', bundle)]
    const [one, other] = await Promise.all([
      bob.ratchets.open({ ...alice.certified, bytes: fromAlice }),
      bob.ratchets.open({ ...carol.certified, bytes: fromCarol }),
    ])
    bob.commit(one.change)
    expect(() => bob.commit(other.change)).toThrow(expect.objectContaining({ code: 'unknown-prekey' }))
    expect(bob.ratchets.has(alice.device)).toBe(true)
    expect(bob.ratchets.has(carol.device)).toBe(false)
  })

  test('falls back to the last-resort prekey when too many one-time prekeys wait unused, until those are old', () => {
    using bob = new TestDevice()
    bob.bundle()
    const insert = bob.database.prepare('INSERT INTO curve_prekeys (id, record, made_at) VALUES (?, ?, ?)')
    for (let n = bob.count('curve_prekeys'); n < MAX_KEPT_ONE_TIME_PREKEYS; n += 1)
      insert.run(n, Buffer.alloc(1), bob.now)
    const full = bob.bundle()
    expect(full.curve).toBeUndefined()
    expect(PrekeyBundle.parse(full)).toEqual(full)
    expect(bob.count('curve_prekeys')).toBe(MAX_KEPT_ONE_TIME_PREKEYS)
    bob.now += PREKEYS_KEPT_MS + 1
    bob.bundle()
    expect(bob.bundle().curve).toBeDefined()
  })

  test('takes a number that no other prekey has', () => {
    using bob = new TestDevice()
    const numbers = [7, 7, 8, 7, 8, 9]
    const random = () => numbers.shift() ?? 0
    const { database, identity: signalIdentity } = bob
    const prekeys = new Prekeys({ database, signalIdentity, now: () => bob.now, random })
    const { bundle, change } = prekeys.bundle()
    bob.commit(change)
    expect([bundle.signed.id, bundle.curve?.id, bundle.kyber.id]).toEqual([7, 9, 9])
  })
})

test('the oldest one-time prekeys make room for a new batch, which stays whole', () => {
  using bob = new TestDevice()
  const inserts = [
    'curve_prekeys (id, record, made_at) VALUES (?, ?, ?)',
    'kyber_prekeys (id, record, made_at, last_resort) VALUES (?, ?, ?, 0)',
  ]
  for (const insert of inserts) {
    const statement = bob.database.prepare(`INSERT INTO ${insert}`)
    // Dated by a clock that was ahead: still older than what is made now.
    for (let n = 1; n <= MAX_KEPT_ONE_TIME_PREKEYS; n += 1) statement.run(n, Buffer.alloc(1), bob.now + n)
  }
  const { batch, change } = bob.prekeys.batch(0)
  bob.commit(change)
  const kept = bob.database.prepare<[], number>('SELECT id FROM curve_prekeys').pluck().all()
  expect(kept).toHaveLength(MAX_KEPT_ONE_TIME_PREKEYS)
  expect(kept).toEqual(expect.arrayContaining(batch.oneTime.map(({ curve }) => curve.id)))
  expect(bob.count('kyber_prekeys')).toBe(MAX_KEPT_ONE_TIME_PREKEYS + 1)
})

describe('the last-resort prekey', () => {
  test('serves many who begin', async () => {
    using bob = new TestDevice()
    const bundle = bob.lastResortBundle()
    for (let n = 0; n < 5; n += 1) {
      using initiator = new TestDevice()
      expect((await bob.open(initiator, await initiator.seal(bob, 'hi', bundle))).begun).toBe(true)
    }
    expect(bob.count('used_base_keys')).toBe(5)
  })

  test('does not let the same first message begin a second ratchet, with or without the first one', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const first = await alice.seal(bob, 'first', bob.lastResortBundle())
    await bob.open(alice, first)
    expect(await codeOf(bob.open(alice, first))).toBe('duplicate')
    bob.ratchets.forget(alice.device)
    expect(await codeOf(bob.open(alice, first))).toBe('duplicate')
    expect(bob.ratchets.has(alice.device)).toBe(false)
    expect((await bob.open(alice, await alice.seal(bob, 'renewed', bob.bundle()))).text).toBe('renewed')
  })

  test('refuses at the commit a first message that was opened twice at once', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const bytes = await alice.seal(bob, 'first', bob.lastResortBundle())
    const [one, other] = await Promise.all([
      bob.ratchets.open({ ...alice.certified, bytes }),
      bob.ratchets.open({ ...alice.certified, bytes }),
    ])
    bob.commit(one.change)
    bob.ratchets.forget(alice.device)
    expect(() => bob.commit(other.change)).toThrow(expect.objectContaining({ code: 'duplicate' }))
  })

  test('remembers no more base keys than its limit, the newest', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const bundle = bob.lastResortBundle()
    const insert = bob.database.prepare(
      'INSERT INTO used_base_keys (kyber, signed, base_key, used_at) VALUES (1, 1, ?, ?)',
    )
    bob.database.transaction(() => {
      for (let n = 0; n < MAX_USED_BASE_KEYS; n += 1)
        insert.run(Buffer.from(String(n)), bob.now - MAX_USED_BASE_KEYS + n)
    })()
    const first = await alice.seal(bob, 'first', bundle)
    await bob.open(alice, first)
    expect(bob.count('used_base_keys')).toBeLessThan(MAX_USED_BASE_KEYS)
    bob.ratchets.forget(alice.device)
    expect(await codeOf(bob.open(alice, first))).toBe('duplicate')
  })
})

test('a one-time prekey that was used is gone: the same first message cannot be opened without its ratchet', async () => {
  using alice = new TestDevice()
  using bob = new TestDevice()
  const first = await alice.seal(bob, 'first', bob.bundle())
  await bob.open(alice, first)
  expect([bob.count('curve_prekeys'), bob.count('kyber_prekeys')]).toEqual([0, 1])
  expect(await codeOf(bob.open(alice, first))).toBe('duplicate')
  bob.ratchets.forget(alice.device)
  expect(await codeOf(bob.open(alice, first))).toBe('unknown-prekey')
})

describe('a bundle that was tampered with', () => {
  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)

  test('begins nothing when a signature is forged', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const bundle = bob.bundle()
    const { signed, kyber } = bundle
    const forged = { ...bundle, signed: { ...signed, signature: flip(signed.signature) } }
    expect(await codeOf(alice.seal(bob, 'x', forged))).toBe('bad-bundle')
    const forgedKyber = { ...bundle, kyber: { ...kyber, signature: flip(kyber.signature) } }
    expect(await codeOf(alice.seal(bob, 'x', forgedKyber))).toBe('bad-bundle')
    expect(alice.ratchets.has(bob.device)).toBe(false)
  })

  test('begins nothing when it is the bundle of another device', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using mallory = new TestDevice()
    expect(await codeOf(alice.seal(bob, 'x', mallory.bundle()))).toBe('bad-bundle')
    const mixed = { ...bob.bundle(), kyber: mallory.bundle().kyber }
    expect(await codeOf(alice.seal(bob, 'x', mixed))).toBe('bad-bundle')
  })

  test('begins nothing when a key is not one', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const bundle = bob.bundle()
    const noKey = { ...bundle, kyber: { ...bundle.kyber, publicKey: flip(bundle.kyber.publicKey) } }
    expect(await codeOf(alice.seal(bob, 'x', noKey))).toBe('bad-bundle')
  })

  test('leaves the ratchet in force as it was', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using mallory = new TestDevice()
    await introduce(alice, bob)
    expect(await codeOf(alice.seal(bob, 'x', mallory.bundle()))).toBe('bad-bundle')
    expect((await bob.open(alice, await alice.seal(bob, 'still fine'))).text).toBe('still fine')
  })

  test('in its one-time part, which is not signed, makes a message that is refused and costs no prekey', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using mallory = new TestDevice()
    const bundle = bob.bundle()
    const [mine, foreign] = [bundle.curve, mallory.bundle().curve]
    const held = () => [bob.count('curve_prekeys'), bob.count('kyber_prekeys')]
    const before = held()
    const swapped = { ...bundle, curve: { id: mine?.id ?? 0, publicKey: foreign?.publicKey ?? '' } }
    expect(await codeOf(bob.open(alice, await alice.seal(bob, 'x', swapped)))).toBe('undecryptable')
    const renumbered = { ...bundle, curve: { id: (mine?.id ?? 0) ^ 1, publicKey: mine?.publicKey ?? '' } }
    expect(await codeOf(bob.open(alice, await alice.seal(bob, 'x', renumbered)))).toBe('unknown-prekey')
    expect(held()).toEqual(before)
  })
})
