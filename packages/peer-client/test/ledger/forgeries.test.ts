import { messageHash } from '@parley/shared/hashes.ts'
import { DeviceKey } from '@parley/shared/ids.ts'
import { chainMessage, decodeMessage, draftMessage, VOID_KIND } from '@parley/shared/wire/message.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeLedger } from '#ledger/describe-ledger.ts'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import type { Database } from '#store/database.ts'
import { type TempDirectory, tempDirectory } from '../support/temp-directory.ts'
import { copyPair, DELIVERED, type Files, forge, makeHonestPair, PENDING, VOIDED } from './honest-pair.ts'

const ALICE = DeviceKey.parse(Buffer.alloc(32, 1).toString('base64url'))
const BOB_ACCOUNT = Buffer.alloc(32, 12).toString('base64url')
/** Alice's stream, in either database. */
const STREAM = `(SELECT id FROM streams WHERE device = '${ALICE}')`
/** The key of a position of it. */
const at = (seq: number): string => `((${STREAM} << 32) | ${seq})`
/** The delivery that a position of it belongs to. */
const delivering = (seq: number): string => `stream = ${STREAM} AND ${seq} BETWEEN from_seq AND to_seq`

let directory: TempDirectory
let honest: Files

beforeAll(async () => {
  directory = await tempDirectory()
  honest = await makeHonestPair(directory.path)
})
afterAll(async () => await directory[Symbol.asyncDispose]())

interface Forgery {
  readonly name: string
  readonly codes: readonly string[]
  readonly alice?: (database: Database) => void
  readonly bob?: (database: Database) => void
}

const run =
  (sql: string) =>
  (database: Database): void => {
    const { changes } = database.prepare(sql).run()
    if (changes === 0) throw new Error(`forged nothing: ${sql}`)
  }

const messageAt = (database: Database, seq: number) => {
  const bytes = database.prepare<[], Buffer>(`SELECT bytes FROM messages WHERE position = ${at(seq)}`).pluck()
  return bytes.get() ?? Buffer.alloc(0)
}

const rewrite = (database: Database, seq: number, bytes: Uint8Array): void => {
  database.prepare(`UPDATE messages SET bytes = ? WHERE position = ${at(seq)}`).run(bytes)
}

const otherText = (database: Database, seq: number): Buffer => {
  const bytes = Buffer.from(messageAt(database, seq))
  bytes.write('x', bytes.length - 1)
  return bytes
}

/** The same position and neighbours, another kind. */
const otherKind = (database: Database, seq: number, kind: string): Uint8Array => {
  const message = decodeMessage(messageAt(database, seq))
  return chainMessage(draftMessage(message, { ...message, kind }), message.prev)
}

/** All marks of the stream say that it ends there. */
const endAt = (database: Database, seq: number): void => {
  database
    .prepare(`UPDATE streams SET up_to = ?, frozen_to = ?, hash = ? WHERE id = ${STREAM}`)
    .run(seq, seq, messageHash(messageAt(database, seq)))
}

/** One more position at the end of Alice's stream, chained as it must be. */
const append = (database: Database): void => {
  const last = decodeMessage(messageAt(database, DELIVERED))
  const seq = DELIVERED + 1
  const place = { conversation: last.conversation, epoch: last.epoch, seq }
  const draft = draftMessage(place, { ...last, lamport: last.lamport + 1, body: Buffer.from('never sent') })
  const bytes = chainMessage(draft, messageHash(messageAt(database, DELIVERED)))
  database
    .prepare(`INSERT INTO messages (position, lamport, stored_at, bytes) VALUES (${at(seq)}, ?, 0, ?)`)
    .run(last.lamport + 1, bytes)
  endAt(database, seq)
}

const FORGERIES: readonly Forgery[] = [
  {
    name: 'a message that was delivered and then deleted',
    codes: ['gap', 'lost'],
    bob: run(`DELETE FROM messages WHERE position = ${at(3)}`),
  },
  {
    name: 'the last message deleted, and the marks set back as if it had never come',
    codes: ['false-tick'],
    bob: (database) => {
      run(`DELETE FROM messages WHERE position = ${at(DELIVERED)}`)(database)
      endAt(database, DELIVERED - 1)
    },
  },
  {
    name: 'a message deleted where it was written',
    codes: ['gap', 'lost'],
    alice: run(`DELETE FROM messages WHERE position = ${at(3)}`),
  },
  {
    name: 'a message that waits, deleted',
    codes: ['gap', 'lost'],
    alice: run(`DELETE FROM messages WHERE position = ${at(DELIVERED + 1)}`),
  },
  {
    name: 'a message that was accepted under an idempotency key and is gone',
    codes: ['lost'],
    alice: run(
      `INSERT INTO idempotency (key, request, local_id, at) VALUES ('key', x'00', 'AAAAAAAAAAAAAAAAAAAAAA', 0)`,
    ),
  },
  {
    name: 'a message twice, the copy behind the last position',
    codes: ['doubled', 'invented', 'wrong-mark'],
    bob: (database) => {
      run(`INSERT INTO messages (position, lamport, stored_at, bytes)
           SELECT ${at(DELIVERED + 1)}, lamport, stored_at, bytes FROM messages WHERE position = ${at(3)}`)(database)
      run(`UPDATE streams SET up_to = ${DELIVERED + 1}, frozen_to = ${DELIVERED + 1} WHERE id = ${STREAM}`)(database)
    },
  },
  {
    name: 'two messages that changed places',
    codes: ['false-tick', 'forked', 'reordered'],
    bob: (database) => {
      run(`UPDATE messages SET position = 1 WHERE position = ${at(3)}`)(database)
      run(`UPDATE messages SET position = ${at(3)} WHERE position = ${at(4)}`)(database)
      run(`UPDATE messages SET position = ${at(4)} WHERE position = 1`)(database)
    },
  },
  {
    name: 'a message moved on the screen by its clock value',
    codes: ['reordered'],
    bob: run(`UPDATE messages SET lamport = lamport + 1000 WHERE position = ${at(3)}`),
  },
  {
    name: 'other text',
    codes: ['broken-chain', 'false-tick', 'forked'],
    bob: (database) => rewrite(database, 3, otherText(database, 3)),
  },
  {
    name: 'other text in the last message',
    codes: ['false-tick', 'forked', 'wrong-mark'],
    bob: (database) => rewrite(database, DELIVERED, otherText(database, DELIVERED)),
  },
  {
    name: 'other text in a message that waits, under the old hash',
    codes: ['wrong-mark'],
    alice: (database) => rewrite(database, DELIVERED + PENDING, otherText(database, DELIVERED + PENDING)),
  },
  {
    name: 'a message that no longer names the one before it, in both databases',
    codes: ['broken-chain'],
    alice: (database) => rewrite(database, 3, chainMessage(messageAt(database, 3), new Uint8Array(32))),
    bob: (database) => rewrite(database, 3, chainMessage(messageAt(database, 3), new Uint8Array(32))),
  },
  {
    name: 'bytes that are no message',
    codes: ['altered', 'false-tick', 'forked'],
    bob: (database) => rewrite(database, 3, Buffer.from('hello')),
  },
  {
    name: 'a message of no bytes',
    codes: ['altered', 'false-tick', 'forked'],
    bob: (database) => rewrite(database, 3, new Uint8Array()),
  },
  {
    name: 'a message that its author never sent',
    codes: ['invented'],
    bob: append,
  },
  {
    name: 'ids for the API that are none',
    codes: ['altered'],
    bob: run(`UPDATE streams SET tag = 'mine' WHERE id = ${STREAM}`),
  },
  {
    name: 'a message hidden as if it had been taken back',
    codes: ['broken-chain', 'false-tick', 'forked'],
    bob: (database) => rewrite(database, 3, otherKind(database, 3, VOID_KIND)),
  },
  {
    name: 'a message that was taken back and is shown',
    codes: ['broken-chain', 'forked'],
    bob: (database) => rewrite(database, VOIDED, otherKind(database, VOIDED, 'text')),
  },
  {
    name: 'a message in its place that counts as early',
    codes: ['false-tick'],
    bob: (database) => endAt(database, DELIVERED - 1),
  },
  {
    name: 'an early message that its author never sent',
    codes: ['invented'],
    bob: (database) => {
      append(database)
      endAt(database, DELIVERED)
    },
  },
  {
    name: 'an early message with another clock value than its own',
    codes: ['false-tick', 'reordered'],
    bob: (database) => {
      endAt(database, DELIVERED - 1)
      run(`UPDATE messages SET lamport = lamport + 1 WHERE position = ${at(DELIVERED)}`)(database)
    },
  },
  {
    name: 'a mark that claims more than there is',
    codes: ['gap', 'wrong-mark'],
    bob: run(`UPDATE streams SET up_to = up_to + 1, frozen_to = frozen_to + 1 WHERE id = ${STREAM}`),
  },
  {
    name: 'a stream hash that is not its last one',
    codes: ['wrong-mark'],
    bob: run(`UPDATE streams SET hash = randomblob(32) WHERE id = ${STREAM}`),
  },
  {
    name: 'a clock set back behind its own messages',
    codes: ['wrong-mark'],
    alice: run(`UPDATE meta SET value = '1' WHERE key = 'lamport'`),
  },
  {
    name: 'a stream frozen further than it was',
    codes: ['wrong-mark'],
    alice: run(`UPDATE streams SET frozen_to = frozen_to + 1 WHERE id = ${STREAM}`),
  },
  {
    name: 'a tick on a message that waits',
    codes: ['false-tick', 'wrong-delivery'],
    alice: (database) => {
      run(`UPDATE deliveries SET from_seq = from_seq + 1 WHERE ${delivering(DELIVERED + 1)}`)(database)
      run(`INSERT INTO deliveries (stream, account, from_seq, to_seq, device, state, at)
           SELECT ${STREAM}, '${BOB_ACCOUNT}', ${DELIVERED + 1}, ${DELIVERED + 1}, device, 'delivered', 0 FROM devices`)(
        database,
      )
    },
  },
  {
    name: 'a tick by no device',
    codes: ['false-tick'],
    alice: run(`UPDATE deliveries SET device = NULL WHERE ${delivering(3)}`),
  },
  {
    name: 'a tick on a message that was taken back',
    codes: ['false-tick'],
    alice: run(
      `UPDATE deliveries SET state = 'delivered', device = (SELECT device FROM devices) WHERE ${delivering(VOIDED)}`,
    ),
  },
  {
    name: 'a delivery that fell back',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET state = 'queued' WHERE ${delivering(3)}`),
  },
  {
    name: 'a message that is owed to nobody',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET from_seq = from_seq + 1 WHERE ${delivering(DELIVERED + 1)}`),
  },
  {
    name: 'a hold on a message that has arrived',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET hold = 'no-device-known' WHERE ${delivering(3)}`),
  },
  {
    name: 'a message with two states',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET to_seq = to_seq + 1 WHERE ${delivering(VOIDED)}`),
  },
  {
    name: 'a delivery of positions that were never taken',
    codes: ['lost', 'wrong-delivery'],
    alice: run(`UPDATE deliveries SET to_seq = to_seq + 1 WHERE ${delivering(DELIVERED + PENDING)}`),
  },
  {
    name: 'a delivery of a message by somebody else',
    codes: ['wrong-delivery'],
    bob: run(
      `INSERT INTO deliveries (stream, account, from_seq, to_seq, state, at) VALUES (${STREAM}, '${BOB_ACCOUNT.replace('D', 'E')}', 3, 3, 'queued', 0)`,
    ),
  },
  {
    name: 'a message that waits before the place where every device begins',
    codes: ['lost', 'wrong-envelope'],
    alice: run(
      `UPDATE cursors SET base = ${DELIVERED + 2}, sealed_to = ${DELIVERED + 1}, confirmed_to = ${DELIVERED + 1}`,
    ),
  },
  {
    name: 'a device marked to have confirmed what was not sealed',
    codes: ['false-tick', 'wrong-delivery', 'wrong-mark'],
    alice: run(`UPDATE cursors SET confirmed_to = ${DELIVERED + 1}`),
  },
  {
    name: 'an envelope that is open again and has no ciphertext',
    codes: ['wrong-envelope'],
    alice: run(`UPDATE envelopes SET state = 'open', ended_at = NULL WHERE n = 1`),
  },
  {
    name: 'an envelope that has ended and does not say when',
    codes: ['wrong-envelope'],
    alice: run(`UPDATE envelopes SET ended_at = NULL WHERE n = 1`),
  },
  {
    name: 'a ciphertext that no envelope names',
    codes: ['wrong-envelope'],
    alice: run(`INSERT INTO ciphertexts (bytes) VALUES (x'00')`),
  },
  {
    name: 'an envelope of positions that were never sealed',
    codes: ['wrong-delivery', 'wrong-envelope'],
    alice: run(`UPDATE envelope_ranges SET to_seq = ${DELIVERED + 1} WHERE envelope = (SELECT max(n) FROM envelopes)`),
  },
  {
    name: 'a row that refers to nothing',
    codes: ['corrupt'],
    bob: run(`DELETE FROM streams WHERE id = ${STREAM}`),
  },
  {
    name: 'a key without which positions could be held twice',
    codes: ['wrong-schema'],
    bob: (database) => {
      const sql =
        database.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE name = 'messages'`).pluck().get() ?? ''
      database.exec(sql.replace('messages', 'loose').replace('INTEGER PRIMARY KEY', 'INTEGER'))
      database.exec(
        `INSERT INTO loose SELECT * FROM messages; DROP TABLE messages; ALTER TABLE loose RENAME TO messages`,
      )
    },
  },
  {
    name: 'a table that does not belong there',
    codes: ['wrong-schema'],
    bob: (database) => database.exec('CREATE TABLE more (x)'),
  },
  {
    name: 'a newer schema',
    codes: ['newer-schema'],
    bob: (database) => database.pragma('user_version = 99'),
  },
  {
    name: 'a database that does not say whose it is',
    codes: ['not-a-profile'],
    bob: run(`DELETE FROM meta WHERE key = 'device'`),
  },
]

describe('the ledger', () => {
  test('finds nothing wrong with two honest profiles', () => {
    const report = verifyLedger([honest.alice, honest.bob])
    expect(report).toEqual({
      ok: true,
      checked: {
        databases: 2,
        streams: 4,
        messages: 2 * (DELIVERED + VOIDED - 1) + PENDING,
        delivered: DELIVERED - 1 + VOIDED - 1,
        pending: PENDING,
        forks: 0,
        forgotten: 0,
      },
      violations: [],
      unlisted: 0,
      notChecked: [],
    })
    expect(describeLedger(report)).toContain('nothing lost, nothing twice, nothing out of order, no false tick')
  })

  test.each(FORGERIES)('finds $name', async ({ codes, alice, bob }) => {
    await using place = await tempDirectory()
    const files = await copyPair(honest, place.path)
    if (alice !== undefined) forge(files.alice, alice)
    if (bob !== undefined) forge(files.bob, bob)
    const report = verifyLedger([files.alice, files.bob])
    expect(report.ok).toBe(false)
    expect([...new Set(report.violations.map(({ code }) => code))].sort()).toEqual([...codes].sort())
    const text = describeLedger(report)
    for (const code of codes) expect(text).toContain(code)
  })
})
