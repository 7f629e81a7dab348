import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import { type TempDirectory, tempDirectory } from '../support/temp-directory.ts'
import { copyPair, DELIVERED, type Files, forge, makeHonestPair } from './honest-pair.ts'

let directory: TempDirectory
let honest: Files

beforeAll(async () => {
  directory = await tempDirectory()
  honest = await makeHonestPair(directory.path)
})
afterAll(async () => await directory[Symbol.asyncDispose]())

const ALICE = Buffer.alloc(32, 1).toString('base64url')
const STREAM = `(SELECT id FROM streams WHERE device = '${ALICE}')`
const ROW = `position = ((${STREAM} << 32) | :seq)`

/** Changes of a message that was delivered. Left out is what nobody but its owner could know: when a row was stored. */
const CHANGES: Readonly<Record<string, (by: number) => string>> = {
  delete: () => `DELETE FROM messages WHERE ${ROW}`,
  stream: () =>
    `UPDATE messages SET position = ((SELECT id FROM streams WHERE device <> '${ALICE}') << 32) | 1000 WHERE ${ROW}`,
  seq: (by) => `UPDATE messages SET position = position + 1000 + ${by} WHERE ${ROW}`,
  lamport: (by) => `UPDATE messages SET lamport = lamport + 1 + ${by} WHERE ${ROW}`,
  // One byte of it, somewhere, becomes another one.
  bytes: (by) => `UPDATE messages SET bytes = CAST(
      substr(bytes, 1, ${by} % length(bytes))
      || iif(hex(substr(bytes, 1 + ${by} % length(bytes), 1)) = '58', x'59', x'58')
      || substr(bytes, 2 + ${by} % length(bytes)) AS BLOB) WHERE ${ROW}`,
  cutBytes: (by) => `UPDATE messages SET bytes = substr(bytes, 1, ${by} % length(bytes)) WHERE ${ROW}`,
}

test('any one change to a delivered message is found, on either side', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('alice' as const, 'bob' as const),
      fc.constantFrom(...Object.keys(CHANGES)),
      fc.integer({ min: 1, max: DELIVERED }),
      fc.nat({ max: 500 }),
      async (side, change, seq, by) => {
        await using place = await tempDirectory()
        const files = await copyPair(honest, place.path)
        forge(files[side], (database) => {
          const { changes } = database.prepare(CHANGES[change]?.(by) ?? '').run({ seq })
          expect(changes).toBe(1)
        })
        expect(verifyLedger([files.alice, files.bob]).ok).toBe(false)
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 100) },
  )
})
