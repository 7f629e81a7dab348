import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from '#store/database.ts'
import { connect, TestProfile } from './profiles.ts'

/** Messages of Alice that Bob confirmed; position VOIDED of them was taken back before it was sealed. */
export const DELIVERED = 8
export const VOIDED = 6
/** Messages of Alice that wait. */
export const PENDING = 2

export interface Files {
  readonly alice: string
  readonly bob: string
}

/** Two profiles that talked to each other, and Alice wrote twice more after Bob had left. */
export async function makeHonestPair(directory: string): Promise<Files> {
  const alice = new TestProfile({ name: 'alice', device: 1, account: 11, directory })
  const bob = new TestProfile({ name: 'bob', device: 2, account: 12, directory })
  alice.meet(bob)
  bob.meet(alice)
  let end = connect(alice, bob)
  for (let n = 1; n < VOIDED; n += 1) {
    await alice.send(bob, `alice ${n}`)
    await bob.send(alice, `bob ${n}`)
  }
  await alice.settled()
  await bob.settled()
  end()
  const voided = await alice.send(bob, 'taken back')
  for (let n = VOIDED + 1; n <= DELIVERED; n += 1) await alice.send(bob, `alice ${n}`)
  if ((await alice.delivery.outbox.cancel(voided)) !== 'cancelled') throw new Error('it could not be cancelled')
  end = connect(alice, bob)
  await alice.settled()
  await bob.settled()
  end()
  for (let n = 1; n <= PENDING; n += 1) await alice.send(bob, `later ${n}`)
  await alice.close()
  await bob.close()
  return { alice: alice.path, bob: bob.path }
}

/** Copies that a test may forge. */
export async function copyPair(files: Files, directory: string): Promise<Files> {
  const copies = { alice: join(directory, 'alice.db'), bob: join(directory, 'bob.db') }
  await copyFile(files.alice, copies.alice)
  await copyFile(files.bob, copies.bob)
  return copies
}

/** Opens a database without any of the care that the store takes. */
export function forge(file: string, work: (database: Database) => void): void {
  const database = new Sqlite(file)
  try {
    database.pragma('foreign_keys = OFF')
    database.pragma('synchronous = OFF')
    work(database)
  } finally {
    database.close()
  }
}
