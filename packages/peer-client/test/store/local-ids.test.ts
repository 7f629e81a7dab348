import { expect, test } from 'vitest'
import { localIdOf, newTag, readLocalId } from '#store/local-ids.ts'

test('whatever is drawn, an id begins with a letter, and is read back', () => {
  for (let first = 0; first < 256; first += 1) {
    const tag = newTag((size) => Buffer.alloc(size, first))
    const id = localIdOf(tag, 4_000_000_000)
    expect(id).toMatch(/^[A-Za-z]/)
    expect(readLocalId(id)).toEqual({ tag, seq: 4_000_000_000 })
  }
})
