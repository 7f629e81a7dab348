import { runInNewContext } from 'node:vm'
import { DeviceKey, Epoch, randomId } from '@parley/shared/ids.ts'
import { CborError, decodeCbor, encodeCbor } from '@parley/shared/wire/cbor.ts'
import { encodeRead, type ReadMark, readMarks } from '@parley/shared/wire/message-body.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

function decode(hex: string): unknown {
  return decodeCbor(Buffer.from(hex, 'hex'))
}

function codeOf(bytes: Uint8Array): string {
  try {
    decodeCbor(bytes)
  } catch (error) {
    if (error instanceof CborError) return error.code
    throw error
  }
  return 'nothing thrown'
}

const codeOfHex = (hex: string): string => codeOf(Buffer.from(hex, 'hex'))

describe('decoding CBOR from another peer', () => {
  // From RFC 8949, appendix A.
  test.each([
    ['00', 0],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['3affffffff', -(2 ** 32)],
    ['29', -10],
    ['f97e00', Number.NaN],
    ['f93c00', 1],
    ['fa47c35000', 100_000],
    ['fb3ff199999999999a', 1.1],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', undefined],
    ['60', ''],
    ['6449455446', 'IETF'],
    ['62c3bc', 'ü'],
    ['80', []],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['a0', {}],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
  ])('%s is read as RFC 8949 says', (hex, value) => {
    expect(decode(hex)).toEqual(value)
  })

  test('an integer below -2^32 is refused', () => {
    expect(codeOfHex('3b0000000100000000')).toBe('undecodable')
  })

  test('a byte string is a view of the frame', () => {
    const frame = Buffer.from('4401020304', 'hex')
    const value = decodeCbor(frame)
    expect(value).toEqual(Buffer.from('01020304', 'hex'))
    expect(value instanceof Uint8Array && value.buffer === frame.buffer).toBe(true)
  })

  test.each([
    ['a date as text', 'c074323031332d30332d32315432303a30343a30305a'],
    ['a bignum', 'c249010000000000000000'],
    ['a RegExp', 'd81b8260'],
    ['an Error', 'd81b82654572726f7261'],
    ['a shared reference', 'd81c80'],
    ['a record of cbor-x', 'd9dfff8219e000816161'],
    ['a tag inside a map', 'a16161c100'],
    ['a tag with a long number', 'dbffffffffffffffff00'],
  ])('%s, which is a tag, is refused', (_what, hex) => {
    expect(codeOfHex(hex)).toBe('tag')
  })

  test.each([
    ['bytes', '5f42010243030405ff'],
    ['text', '7f657374726561646d696e67ff'],
    ['an array', '9fff'],
    ['a map', 'bfff'],
    ['a lone break', 'ff'],
    ['an array in a map', 'a161619fff'],
  ])('an indefinite length is refused: %s', (_what, hex) => {
    expect(codeOfHex(hex)).toBe('indefinite-length')
  })

  test('sixteen levels are read and the seventeenth is refused, for arrays and for maps', () => {
    expect(codeOfHex(`${'81'.repeat(16)}00`)).toBe('nothing thrown')
    expect(codeOfHex(`${'81'.repeat(17)}00`)).toBe('too-deep')
    expect(codeOfHex(`${'a100'.repeat(16)}00`)).toBe('nothing thrown')
    expect(codeOfHex(`${'a100'.repeat(17)}00`)).toBe('too-deep')
    expect(codeOfHex('81'.repeat(100_000))).toBe('too-deep')
  })

  test.each([
    ['nothing at all', ''],
    ['a length without its bytes', '19'],
    ['half a length', '1a0001'],
    ['text longer than the frame', '6561'],
    ['bytes of four GiB', '5affffffff'],
    ['bytes of 2^64 − 1', '5bffffffffffffffff'],
    ['an array of four GiB', '9affffffff00'],
    ['an array of 2^64 − 1', '9bffffffffffffffff'],
    ['a map of 2^53', 'bb0020000000000000'],
    ['a map with half a pair', 'a100'],
    ['an array that ends early', '830102'],
    ['half a float', 'fb3ff1'],
  ])('what ends early is refused: %s', (_what, hex) => {
    expect(codeOfHex(hex)).toBe('truncated')
  })

  test('every beginning of an item is refused as truncated', () => {
    const whole = encodeCbor({ type: 9, bytes: Buffer.alloc(300), list: ['a', 1.5, { deep: [true, null] }] })
    for (let end = 0; end < whole.length; end += 1) expect(codeOf(whole.subarray(0, end))).toBe('truncated')
  })

  test('bytes after the item are refused', () => {
    expect(codeOfHex('0000')).toBe('trailing-bytes')
    expect(codeOfHex('a0ff')).toBe('trailing-bytes')
  })

  test.each(['1c', '3d', '5e', '9c', 'bd', 'f800', 'f8ff', 'fc', 'fd'])('%s, which is reserved, is refused', (hex) => {
    expect(codeOfHex(hex)).toBe('reserved')
  })

  test.each(['e0', 'e3', 'f3'])('%s, a simple value that means nothing, is refused', (hex) => {
    expect(codeOfHex(hex)).toBe('undecodable')
  })

  test('a key called __proto__ changes no prototype', () => {
    const value = decodeCbor(Buffer.from(`a1695f5f70726f746f5f5fa16161f5`, 'hex'))
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf(decode('a0')))
    expect(value).not.toHaveProperty('a')
  })

  test('a frame of nothing but empty containers costs no more than its bytes', () => {
    expect(codeOf(Buffer.concat([Buffer.from('9a0003fff0', 'hex'), Buffer.alloc(0x3fff0, 0x80)]))).toBe(
      'nothing thrown',
    )
  })

  test('what we encode we read back', () => {
    const value = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array(),
      ),
      node: fc.oneof(
        { depthSize: 'small', maxDepth: 6 },
        tie('leaf'),
        fc.array(tie('node')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('node'),
          { noNullPrototype: true },
        ),
      ),
    })).node
    fc.assert(
      fc.property(value, (sent) => {
        const read = decodeCbor(encodeCbor(sent))
        expect(encodeCbor(read)).toEqual(encodeCbor(sent))
      }),
    )
  })

  test('any bytes are an item or a CborError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        codeOf(bytes)
      }),
      { numRuns: 5_000 },
    )
  })
})

test('a list that was made in another realm is written like any other', () => {
  // A native module makes its arrays in the realm that loaded it first.
  const elsewhere = runInNewContext('[]') as ReadMark[]
  elsewhere.push({ device: DeviceKey.parse('A'.repeat(43)), epoch: randomId(Epoch), upTo: 3 })
  expect(readMarks(encodeRead(elsewhere))).toEqual([...elsewhere])
})
