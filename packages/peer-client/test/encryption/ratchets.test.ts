import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_RATCHET_BYTES } from '@parley/shared/limits.ts'
import { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { describe, expect, test } from 'vitest'
import { RatchetError } from '#encryption/ratchet-error.ts'
import { codeOf, introduce, TestDevice } from './device.ts'
import { skipMessages } from './skip-messages.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('two devices', () => {
  test('one begins from the bundle of the other, and they exchange two hundred messages each way', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-ratchets-'))
    try {
      using alice = new TestDevice(join(directory, 'alice.db'))
      using bob = new TestDevice(join(directory, 'bob.db'))
      alice.database.pragma('synchronous = OFF')
      bob.database.pragma('synchronous = OFF')
      const first = await alice.seal(bob, 'first', PrekeyBundle.parse(bob.bundle()))
      expect(await bob.open(alice, first)).toEqual({ text: 'first', begun: true })
      for (let n = 0; n < 200; n += 1) {
        expect(await alice.open(bob, await bob.seal(alice, `b${n}`))).toEqual({ text: `b${n}`, begun: false })
        expect(await bob.open(alice, await alice.seal(bob, `a${n}`))).toEqual({ text: `a${n}`, begun: false })
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('messages are PreKey messages until the other side answered, and only the first begins a ratchet', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const first = await alice.seal(bob, 'first', bob.bundle())
    const second = await alice.seal(bob, 'second')
    expect([first[0], second[0]]).toEqual([3, 3])
    expect(await bob.open(alice, second)).toEqual({ text: 'second', begun: true })
    expect(await bob.open(alice, first)).toEqual({ text: 'first', begun: false })
    const answer = await bob.seal(alice, 'answer')
    expect(answer[0]).toBe(2)
    await alice.open(bob, answer)
    expect((await alice.seal(bob, 'third'))[0]).toBe(2)
  })

  test('first messages that cross from both sides open, and both sides go on with one ratchet', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const fromAlice = await alice.seal(bob, 'from alice', bob.bundle())
    const fromBob = await bob.seal(alice, 'from bob', alice.bundle())
    expect((await bob.open(alice, fromAlice)).text).toBe('from alice')
    expect((await alice.open(bob, fromBob)).text).toBe('from bob')
    for (let n = 0; n < 5; n += 1) {
      const [a, b] = [await alice.seal(bob, `a${n}`), await bob.seal(alice, `b${n}`)]
      expect((await alice.open(bob, b)).text).toBe(`b${n}`)
      expect((await bob.open(alice, a)).text).toBe(`a${n}`)
    }
    await alice.open(bob, await bob.seal(alice, 'settle'))
    await bob.open(alice, await alice.seal(bob, 'settled'))
    const [a, b] = [await alice.seal(bob, 'short'), await bob.seal(alice, 'short')]
    expect([a[0], b[0]]).toEqual([2, 2])
    expect((await bob.open(alice, a)).begun).toBe(false)
    expect((await alice.open(bob, b)).begun).toBe(false)
  })

  test.each([0, 1, 64 * 1024, 190 * 1024])('a plaintext of %i bytes arrives whole', async (size) => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const plaintext = Buffer.alloc(size, 'x')
    const bytes = await alice.seal(bob, plaintext)
    const opened = await bob.ratchets.open({ ...alice.certified, bytes })
    expect(Buffer.compare(opened.plaintext, plaintext)).toBe(0)
  })

  test('messages open out of order, each once', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const sealed: Uint8Array[] = []
    for (let n = 0; n < 50; n += 1) sealed.push(await alice.seal(bob, String(n)))
    for (const [n, bytes] of [...sealed.entries()].toReversed())
      expect((await bob.open(alice, bytes)).text).toBe(String(n))
    for (const bytes of sealed) expect(await codeOf(bob.open(alice, bytes))).toBe('duplicate')
  })

  test('bytes in memory that threads share are sealed and opened too', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const shared = (bytes: Uint8Array) => {
      const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
      copy.set(bytes)
      return copy
    }
    const bytes = await alice.seal(bob, shared(Buffer.from('shared')))
    expect((await bob.open(alice, shared(bytes))).text).toBe('shared')
  })
})

describe('a change', () => {
  test('of a seal that is dropped leaves no trace, and the next seal makes a message that opens', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const before = alice.ratchetWith(bob)
    const dropped = await alice.ratchets.seal({ ...bob.certified, plaintext: Buffer.from('dropped') })
    expect(alice.ratchetWith(bob)).toEqual(before)
    expect((await bob.open(alice, await alice.seal(bob, 'kept'))).text).toBe('kept')
    // It used the message key of the message that was kept.
    expect(await codeOf(bob.open(alice, dropped.bytes))).toBe('duplicate')
  })

  test('of a first seal that is dropped leaves no ratchet', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await alice.ratchets.seal({ ...bob.certified, plaintext: Buffer.from('dropped'), bundle: bob.bundle() })
    expect(alice.ratchets.has(bob.device)).toBe(false)
    expect(alice.count('ratchets')).toBe(0)
  })

  test('of an open that is dropped leaves no trace, and the message opens again', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const first = await alice.seal(bob, 'first', bob.bundle())
    const before = ['ratchets', 'curve_prekeys', 'kyber_prekeys', 'used_base_keys'].map((table) => bob.count(table))
    await bob.ratchets.open({ ...alice.certified, bytes: first })
    expect(['ratchets', 'curve_prekeys', 'kyber_prekeys', 'used_base_keys'].map((table) => bob.count(table))).toEqual(
      before,
    )
    expect(await bob.open(alice, first)).toEqual({ text: 'first', begun: true })
    const second = await alice.seal(bob, 'second')
    await bob.ratchets.open({ ...alice.certified, bytes: second })
    expect((await bob.open(alice, second)).text).toBe('second')
  })

  test('that is rolled back with its transaction can be applied in the next', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const bytes = await alice.seal(bob, 'first', bob.bundle())
    const { change } = await bob.ratchets.open({ ...alice.certified, bytes })
    const failing = bob.database.transaction(() => {
      change.apply()
      throw new RangeError('something else in this transaction failed')
    })
    expect(() => failing()).toThrow(RangeError)
    expect(bob.ratchets.has(alice.device)).toBe(false)
    bob.commit(change)
    expect((await alice.open(bob, await bob.seal(alice, 'answer'))).text).toBe('answer')
  })

  test('that overtook another one is stored, and the other one is refused', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const [one, other] = await Promise.all([
      alice.ratchets.seal({ ...bob.certified, plaintext: Buffer.from('one') }),
      alice.ratchets.seal({ ...bob.certified, plaintext: Buffer.from('other') }),
    ])
    alice.commit(one.change)
    expect(() => alice.commit(other.change)).toThrow(expect.objectContaining({ code: 'conflict' }))
    expect(() => alice.commit(one.change)).toThrow(expect.objectContaining({ code: 'conflict' }))
    expect((await bob.open(alice, one.bytes)).text).toBe('one')
    expect((await bob.open(alice, await alice.seal(bob, 'next'))).text).toBe('next')
  })

  test('of two first seals at once is stored for one of them', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    const request = { ...bob.certified, plaintext: Buffer.from('hi'), bundle: bob.bundle() }
    const [one, other] = await Promise.all([alice.ratchets.seal(request), alice.ratchets.seal(request)])
    alice.commit(one.change)
    expect(() => alice.commit(other.change)).toThrow(expect.objectContaining({ code: 'conflict' }))
  })
})

describe('a ratchet that was lost or rolled back', () => {
  test('lost at the receiver: messages are undecryptable until a fresh bundle renews it', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const inFlight = await bob.seal(alice, 'sealed before the loss')
    const lost = await alice.seal(bob, 'lost')
    bob.ratchets.forget(alice.device)
    expect(bob.ratchets.has(alice.device)).toBe(false)
    expect(await codeOf(bob.open(alice, lost))).toBe('undecryptable')
    expect(await codeOf(bob.seal(alice, 'no'))).toBe('no-ratchet')
    const renewed = await alice.seal(bob, 'lost, again', bob.bundle())
    expect(await bob.open(alice, renewed)).toEqual({ text: 'lost, again', begun: true })
    // The side that renewed keeps the older ratchet behind the new one.
    expect((await alice.open(bob, inFlight)).text).toBe('sealed before the loss')
    expect((await alice.open(bob, await bob.seal(alice, 'answer'))).text).toBe('answer')
    expect((await bob.open(alice, await alice.seal(bob, 'after'))).text).toBe('after')
  })

  test('lost at the receiver, and what was sealed on the old ratchet after the renewal is named', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const old = await alice.seal(bob, 'old')
    bob.ratchets.forget(alice.device)
    await bob.open(alice, await alice.seal(bob, 'new', bob.bundle()))
    expect(await codeOf(bob.open(alice, old))).toBe('undecryptable')
    expect((await bob.open(alice, await alice.seal(bob, 'next'))).text).toBe('next')
  })

  test('lost at the sender, who renews it from a bundle', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const inFlight = await alice.seal(bob, 'in flight')
    alice.ratchets.forget(bob.device)
    expect(await bob.open(alice, await alice.seal(bob, 'renewed', bob.bundle()))).toEqual({
      text: 'renewed',
      begun: true,
    })
    expect((await bob.open(alice, inFlight)).text).toBe('in flight')
    await alice.open(bob, await bob.seal(alice, 'answer', alice.bundle()))
    expect((await bob.open(alice, await alice.seal(bob, 'settled'))).text).toBe('settled')
  })

  test('rolled back at the sender: its messages are duplicates until it renews', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const old = alice.ratchetWith(bob)
    for (let n = 0; n < 3; n += 1) await bob.open(alice, await alice.seal(bob, String(n)))
    alice.restoreRatchet(bob, old)
    expect(await codeOf(bob.open(alice, await alice.seal(bob, 'reused key')))).toBe('duplicate')
    expect(await bob.open(alice, await alice.seal(bob, 'renewed', bob.bundle()))).toEqual({
      text: 'renewed',
      begun: true,
    })
    expect((await alice.open(bob, await bob.seal(alice, 'answer'))).text).toBe('answer')
  })

  test('rolled back at the receiver past a turn of the ratchet: undecryptable until it is renewed', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const old = bob.ratchetWith(alice)
    for (let n = 0; n < 3; n += 1) {
      await bob.open(alice, await alice.seal(bob, 'a'))
      await alice.open(bob, await bob.seal(alice, 'b'))
    }
    bob.restoreRatchet(alice, old)
    expect(await codeOf(bob.open(alice, await alice.seal(bob, 'too new')))).toBe('undecryptable')
    await bob.open(alice, await alice.seal(bob, 'renewed', bob.bundle()))
    await alice.open(bob, await bob.seal(alice, 'answer'))
    expect((await bob.open(alice, await alice.seal(bob, 'settled'))).text).toBe('settled')
  })

  test('renewed while older messages are in flight: whichever ratchet is in front, everything opens and both settle', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const inFlight = await bob.seal(alice, 'in flight')
    const renewal = await alice.seal(bob, 'renewal', bob.bundle())
    // It opens on the older ratchet, which libsignal then puts in front of the new one.
    expect((await alice.open(bob, inFlight)).text).toBe('in flight')
    const onOlder = await alice.seal(bob, 'on the older')
    expect([renewal[0], onOlder[0]]).toEqual([3, 2])
    expect(await bob.open(alice, renewal)).toEqual({ text: 'renewal', begun: true })
    const answer = await bob.seal(alice, 'answer')
    expect((await bob.open(alice, onOlder)).text).toBe('on the older')
    expect((await alice.open(bob, answer)).text).toBe('answer')
    for (let n = 0; n < 5; n += 1) {
      expect(await bob.open(alice, await alice.seal(bob, 'a'))).toEqual({ text: 'a', begun: false })
      expect(await alice.open(bob, await bob.seal(alice, 'b'))).toEqual({ text: 'b', begun: false })
    }
  })

  test('whose record cannot be read counts as none, and a bundle replaces it', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const bytes = await alice.seal(bob, 'x')
    bob.restoreRatchet(alice, Buffer.from('not a record'))
    expect(bob.ratchets.has(alice.device)).toBe(false)
    expect(await codeOf(bob.seal(alice, 'no'))).toBe('no-ratchet')
    expect(await codeOf(bob.open(alice, bytes))).toBe('undecryptable')
    expect((await bob.open(alice, await alice.seal(bob, 'renewed', bob.bundle()))).text).toBe('renewed')
  })

  test('never answered goes stale after thirty days, and a bundle renews it', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await alice.seal(bob, 'first', bob.bundle())
    alice.now += 29 * DAY_MS
    expect(alice.ratchets.has(bob.device)).toBe(true)
    await alice.seal(bob, 'second')
    alice.now += 2 * DAY_MS
    expect(alice.ratchets.has(bob.device)).toBe(false)
    expect(await codeOf(alice.seal(bob, 'third'))).toBe('no-ratchet')
    expect((await bob.open(alice, await alice.seal(bob, 'fourth', bob.bundle()))).text).toBe('fourth')
  })

  test('answered does not go stale', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    alice.now += 400 * DAY_MS
    expect(alice.ratchets.has(bob.device)).toBe(true)
    expect((await bob.open(alice, await alice.seal(bob, 'still here'))).text).toBe('still here')
  })

  test('inflated by a device that skips its own messages stops at its limit, and a new one drops it', async () => {
    using alice = new TestDevice()
    using mallory = new TestDevice()
    await introduce(mallory, alice)
    // Each turn of the ratchet leaves skipped keys behind, about 80 KB of them, and so does a ratchet that is no longer in force.
    let code: unknown = 'none'
    for (let turn = 0; turn < 6 && code === 'none'; turn += 1) {
      if (turn === 2) await alice.open(mallory, await mallory.seal(alice, 'anew', alice.bundle()))
      code = await codeOf(alice.open(mallory, await skipMessages(mallory, alice, 1990)))
      if (code === 'none') await mallory.open(alice, await alice.seal(mallory, 'turn'))
    }
    expect(code).toBe('undecryptable')
    expect(alice.ratchetWith(mallory).length).toBeLessThanOrEqual(MAX_RATCHET_BYTES)
    expect((await alice.open(mallory, await mallory.seal(alice, 'small again', alice.bundle()))).begun).toBe(true)
    expect(alice.ratchetWith(mallory).length).toBeLessThan(MAX_RATCHET_BYTES / 50)
  })
})

describe('identities', () => {
  test('a message whose Signal identity is not the certified one is refused', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using mallory = new TestDevice()
    const first = await alice.seal(bob, 'first', bob.bundle())
    const claimed = { device: alice.device, signalIdentity: mallory.identity.publicKey }
    expect(await codeOf(bob.ratchets.open({ ...claimed, bytes: first }))).toBe('untrusted-identity')
    await introduce(alice, bob)
    const next = await alice.seal(bob, 'next')
    expect(await codeOf(bob.ratchets.open({ ...claimed, bytes: next }))).toBe('untrusted-identity')
    expect((await bob.open(alice, next)).text).toBe('next')
  })

  test('nothing is sealed on a ratchet with an identity that is not certified any more', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using other = new TestDevice()
    await introduce(alice, bob)
    const request = { device: bob.device, signalIdentity: other.identity.publicKey, plaintext: Buffer.from('x') }
    expect(await codeOf(alice.ratchets.seal(request))).toBe('untrusted-identity')
    const renewed = await alice.ratchets.seal({ ...request, bundle: other.bundle() })
    expect(renewed.bytes[0]).toBe(3)
  })

  test('a message for one device does not open at another', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using carol = new TestDevice()
    await introduce(alice, bob)
    await introduce(alice, carol)
    const bytes = await alice.seal(bob, 'for bob')
    expect(await codeOf(carol.open(alice, bytes))).toBe('undecryptable')
  })
})

describe('a store that fails', () => {
  test('is reported as itself, not as a message that cannot be opened', async () => {
    using alice = new TestDevice()
    const bob = new TestDevice()
    const bytes = await alice.seal(bob, 'first', bob.bundle())
    bob.database.close()
    const opening = bob.ratchets.open({ ...alice.certified, bytes })
    await expect(opening).rejects.toThrow(/database connection is not open/)
    await expect(opening).rejects.not.toBeInstanceOf(RatchetError)
    await expect(bob.ratchets.seal({ ...alice.certified, plaintext: bytes })).rejects.not.toBeInstanceOf(RatchetError)
  })
})
