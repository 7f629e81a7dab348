import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeVectors, VECTOR_DIRECTORY } from '../make-vectors.ts'

test('the vectors in docs are those that the code makes, byte for byte', async () => {
  const made = await makeVectors()
  for (const [name, text] of made) {
    const written = await readFile(join(VECTOR_DIRECTORY, name), 'utf8')
    // Not toBe: it would print whole files.
    expect({ name, isSame: written === text }).toEqual({ name, isSame: true })
  }
})
