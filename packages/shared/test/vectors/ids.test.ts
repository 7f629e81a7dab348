import { fromBase64url, toBase64url, toHex } from '@parley/shared/bytes.ts'
import { Digest, Epoch, foldName, Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Hex, readVectors, vectorFiles } from './read-vectors.ts'

const IdEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('id'), bytes: Hex, text: z.string() }),
  z.strictObject({ kind: z.literal('not-an-id'), name: z.string(), bytes: z.literal([16, 32]), text: z.string() }),
])
const NameEntry = z.strictObject({ kind: z.literal('name'), typed: z.string(), name: Name.nullable() })

const idOf = (bytes: number) => (bytes === 16 ? Epoch : Digest)

describe('the vectors of ids and names', () => {
  test.each(readVectors('ids.json', IdEntry))('$kind $text', (entry) => {
    if (entry.kind === 'not-an-id') {
      expect(idOf(entry.bytes).safeParse(entry.text).success).toBe(false)
    } else {
      expect(toBase64url(entry.bytes)).toBe(entry.text)
      expect(toHex(fromBase64url(idOf(entry.bytes.length).parse(entry.text)))).toBe(toHex(entry.bytes))
    }
  })

  test.each(readVectors('names.json', NameEntry))('$typed folds to $name', ({ typed, name }) => {
    expect(foldName(typed) ?? null).toBe(name)
    if (name !== null) expect(foldName(name)).toBe(name)
  })
})

test('there is no file of vectors that no test reads', () => {
  expect(vectorFiles()).toEqual([
    'bodies.json',
    'bundles.json',
    'frames.json',
    'hashes.json',
    'hostile-frames.json',
    'ids.json',
    'messages.json',
    'names.json',
    'refused-objects.json',
    'safety-numbers.json',
    // By the tests of the session layer.
    'sessions.json',
    'signed-objects.json',
  ])
})
