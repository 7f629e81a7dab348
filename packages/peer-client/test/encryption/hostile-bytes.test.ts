import { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RatchetError } from '#encryption/ratchet-error.ts'
import { introduce, TestDevice } from './device.ts'

/** What came of bytes from outside: 'opened', or the code; any other error fails the test. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'opened'
  } catch (error) {
    if (error instanceof RatchetError) return error.code
    throw error
  }
}

const CODES = ['undecryptable', 'duplicate', 'unknown-prekey', 'untrusted-identity', 'malformed']

describe('opening', () => {
  test('random bytes ends in a RatchetError', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    await introduce(alice, bob)
    const random = fc.tuple(fc.constantFrom(0, 2, 3, 7, 8, 0x33, 0x44), fc.uint8Array({ maxLength: 4096 }))
    await fc.assert(
      fc.asyncProperty(random, async ([type, rest]) => {
        const bytes = Buffer.concat([Buffer.from([type]), rest])
        expect(CODES).toContain(await outcome(bob.ratchets.open({ ...alice.certified, bytes })))
      }),
      { numRuns: 2_000 },
    )
    expect(await outcome(bob.ratchets.open({ ...alice.certified, bytes: Buffer.alloc(0) }))).toBe('malformed')
    expect(await outcome(bob.ratchets.open({ ...alice.certified, bytes: Buffer.alloc(200_000, 3) }))).toBe('malformed')
    expect((await bob.open(alice, await alice.seal(bob, 'still fine'))).text).toBe('still fine')
  })

  test.each(['PreKey', 'Whisper'])(
    'a %s message with bits turned, bytes cut or bytes added never opens as another',
    async (type) => {
      using alice = new TestDevice()
      using bob = new TestDevice()
      if (type === 'Whisper') await introduce(alice, bob)
      const bytes = await alice.seal(bob, 'the one text', type === 'Whisper' ? undefined : bob.bundle())
      const seen = new Set<string>()
      const check = async (changed: Uint8Array) => {
        const opening = bob.ratchets.open({ ...alice.certified, bytes: changed })
        const result = await outcome(opening)
        seen.add(result)
        // Bytes that libsignal passes over, such as unknown fields, may be added; the text stays what was sealed.
        if (result === 'opened') expect(Buffer.from((await opening).plaintext).toString()).toBe('the one text')
        else expect(CODES).toContain(result)
      }
      const bits = Array.from({ length: bytes.length * 8 }, (_, bit) => bit)
      const step = bits.length > 4_000 ? 17 : 1
      for (const bit of bits.filter((bit) => bit % step === 0)) {
        const changed = Buffer.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        await check(changed)
      }
      for (let length = 0; length < bytes.length; length += step) await check(bytes.subarray(0, length))
      await check(Buffer.concat([bytes, Buffer.alloc(1)]))
      await check(Buffer.concat([bytes, bytes]))
      expect(seen).toContain('undecryptable')
      expect(seen).toContain('malformed')
      expect((await bob.open(alice, bytes)).text).toBe('the one text')
    },
  )

  test('the messages of one device as those of another, or of my own, ends in a RatchetError', async () => {
    using alice = new TestDevice()
    using bob = new TestDevice()
    using carol = new TestDevice()
    await introduce(alice, bob)
    await introduce(carol, bob)
    const bytes = await alice.seal(bob, 'x')
    expect(await outcome(bob.ratchets.open({ ...carol.certified, bytes }))).toBe('undecryptable')
    expect(await outcome(bob.ratchets.open({ ...bob.certified, bytes }))).toBe('undecryptable')
    expect(await outcome(alice.ratchets.open({ ...bob.certified, bytes }))).toBe('undecryptable')
    const first = await alice.seal(carol, 'x', carol.bundle())
    expect(await outcome(carol.ratchets.open({ ...bob.certified, bytes: first }))).toBe('untrusted-identity')
  })
})

test('sealing with any bundle that the schema lets through ends in a RatchetError or a message', async () => {
  using alice = new TestDevice()
  using bob = new TestDevice()
  const real = bob.bundle()
  const text = (prefix: string, bytes: number) =>
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((array) => prefix + Buffer.from(array).toString('base64url'))
  const id = fc.integer({ min: 1, max: 0xff_ff_ff })
  const curveKey = fc.oneof(
    fc.constant(real.signed.publicKey),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((point) => Buffer.from([5, ...point]).toString('base64url')),
  )
  const signature = fc.oneof(fc.constantFrom(real.signed.signature, real.kyber.signature), text('', 64))
  const bundles = fc.record({
    v: fc.constant(1 as const),
    registrationId: fc.integer({ min: 1, max: 0x3f_ff }),
    signed: fc.record({ id, publicKey: curveKey, signature }),
    kyber: fc.record({
      id,
      publicKey: fc.oneof(
        fc.constant(real.kyber.publicKey),
        fc
          .uint8Array({ minLength: 1568, maxLength: 1568 })
          .map((key) => Buffer.from([8, ...key]).toString('base64url')),
      ),
      signature,
    }),
    curve: fc.record({ id, publicKey: curveKey }),
  })
  await fc.assert(
    fc.asyncProperty(bundles, async (candidate) => {
      const bundle = PrekeyBundle.parse(candidate)
      const result = await outcome(alice.ratchets.seal({ ...bob.certified, plaintext: Buffer.from('x'), bundle }))
      expect(['opened', 'bad-bundle']).toContain(result)
    }),
    { numRuns: 300, examples: [[{ ...real, curve: { id: 1, publicKey: `B${'A'.repeat(43)}` } }]] },
  )
})
