import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { toBase64url } from '@parley/shared/bytes.ts'
import { messageHash, messageIdBytes } from '@parley/shared/hashes.ts'
import { DeviceKey } from '@parley/shared/ids.ts'
import { chainMessage, decodeMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { describeLedger } from '#ledger/describe-ledger.ts'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import type { Database } from '#store/database.ts'
import { type TempDirectory, tempDirectory } from '../support/temp-directory.ts'
import { copyPair, DELIVERED, type Files, forge, makeHonestPair, PENDING, VOIDED } from './honest-pair.ts'

const ALICE = DeviceKey.parse(Buffer.alloc(32, 1).toString('base64url'))
const BOB_ACCOUNT = Buffer.alloc(32, 12).toString('base64url')
/** Alice's stream, in either database. */
const STREAM = `(SELECT id FROM streams WHERE device = '${ALICE}')`

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
  const bytes = database
    .prepare<[], Buffer>(`SELECT bytes FROM messages WHERE stream = ${STREAM} AND seq = ${seq}`)
    .pluck()
  return bytes.get() ?? Buffer.alloc(0)
}

/** Other bytes for a position, with a hash that fits them. */
const rewrite = (database: Database, seq: number, bytes: Uint8Array): void => {
  database
    .prepare(`UPDATE messages SET bytes = ?, hash = ? WHERE stream = ${STREAM} AND seq = ?`)
    .run(bytes, messageHash(bytes), seq)
}

const otherText = (database: Database, seq: number): Buffer => {
  const bytes = Buffer.from(messageAt(database, seq))
  bytes.write('x', bytes.length - 1)
  return bytes
}

/** One more position at the end of Alice's stream, chained as it must be. */
const append = (database: Database): void => {
  const last = decodeMessage(messageAt(database, DELIVERED))
  const seq = DELIVERED + 1
  const place = { conversation: last.conversation, epoch: last.epoch, seq }
  const draft = draftMessage(place, { ...last, lamport: last.lamport + 1, body: Buffer.from('never sent') })
  const bytes = chainMessage(draft, messageHash(messageAt(database, DELIVERED)))
  const id = messageIdBytes(ALICE, last.epoch, seq)
  database
    .prepare(
      `INSERT INTO messages (stream, seq, conversation, local_id, standing, kind, lamport, message_id, sent_at, stored_at, priority, bytes, hash)
       VALUES (${STREAM}, ?, ?, ?, 'shown', ?, ?, ?, ?, 0, ?, ?, ?)`,
    )
    .run(
      seq,
      last.conversation,
      toBase64url(id),
      last.kind,
      last.lamport + 1,
      id,
      last.sentAt,
      last.priority,
      bytes,
      messageHash(bytes),
    )
  database
    .prepare(`UPDATE streams SET up_to = ?, frozen_to = ?, hash = ? WHERE id = ${STREAM}`)
    .run(seq, seq, messageHash(bytes))
}

const COPIED = 'conversation, standing, kind, lamport, sent_at, stored_at, priority, bytes, hash'

const FORGERIES: readonly Forgery[] = [
  {
    name: 'a message that was delivered and then deleted',
    codes: ['gap', 'lost'],
    bob: run(`DELETE FROM messages WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'the last message deleted, and the marks set back as if it had never come',
    codes: ['false-tick'],
    bob: (database) => {
      run(`DELETE FROM messages WHERE stream = ${STREAM} AND seq = ${DELIVERED}`)(database)
      run(`UPDATE streams SET up_to = ${DELIVERED - 1}, frozen_to = ${DELIVERED - 1},
           hash = (SELECT hash FROM messages WHERE stream = ${STREAM} AND seq = ${DELIVERED - 1}) WHERE id = ${STREAM}`)(
        database,
      )
    },
  },
  {
    name: 'a message deleted where it was written',
    codes: ['gap', 'lost'],
    alice: run(`DELETE FROM messages WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'a message that waits, deleted',
    codes: ['gap', 'lost'],
    alice: run(`DELETE FROM messages WHERE stream = ${STREAM} AND seq = ${DELIVERED + 1}`),
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
    codes: ['doubled', 'invented', 'reordered', 'wrong-mark'],
    bob: (database) => {
      run(`INSERT INTO messages (stream, seq, local_id, message_id, ${COPIED})
           SELECT stream, ${DELIVERED + 1}, 'copy', message_id, ${COPIED} FROM messages WHERE stream = ${STREAM} AND seq = 3`)(
        database,
      )
      run(`UPDATE streams SET up_to = ${DELIVERED + 1}, frozen_to = ${DELIVERED + 1} WHERE id = ${STREAM}`)(database)
    },
  },
  {
    name: 'two messages that changed places',
    codes: ['false-tick', 'forked', 'reordered'],
    bob: (database) => {
      run(`UPDATE messages SET seq = -1 WHERE stream = ${STREAM} AND seq = 3`)(database)
      run(`UPDATE messages SET seq = 3 WHERE stream = ${STREAM} AND seq = 4`)(database)
      run(`UPDATE messages SET seq = 4 WHERE stream = ${STREAM} AND seq = -1`)(database)
    },
  },
  {
    name: 'a message moved on the screen by its clock value',
    codes: ['reordered'],
    bob: run(`UPDATE messages SET lamport = lamport + 1000 WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'a message moved on the screen by the id that breaks ties',
    codes: ['reordered'],
    bob: run(`UPDATE messages SET message_id = randomblob(16) WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'other text under the old hash',
    codes: ['altered'],
    bob: (database) => {
      database.prepare(`UPDATE messages SET bytes = ? WHERE stream = ${STREAM} AND seq = 3`).run(otherText(database, 3))
    },
  },
  {
    name: 'other text with a hash of its own',
    codes: ['broken-chain', 'false-tick', 'forked'],
    bob: (database) => rewrite(database, 3, otherText(database, 3)),
  },
  {
    name: 'another hash for the same text',
    codes: ['altered', 'false-tick', 'forked'],
    bob: run(`UPDATE messages SET hash = randomblob(32) WHERE stream = ${STREAM} AND seq = 3`),
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
    name: 'a message that its author never sent',
    codes: ['invented'],
    bob: append,
  },
  {
    name: 'an id for the API that is none',
    codes: ['altered'],
    bob: run(`UPDATE messages SET local_id = 'mine' WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'another time of sending',
    codes: ['altered'],
    bob: run(`UPDATE messages SET sent_at = sent_at + 1 WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'a message hidden as if it had been taken back',
    codes: ['altered'],
    bob: run(`UPDATE messages SET standing = 'void' WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'a message that was taken back and is shown',
    codes: ['altered'],
    bob: run(`UPDATE messages SET standing = 'shown' WHERE stream = ${STREAM} AND seq = ${VOIDED}`),
  },
  {
    name: 'a message in its place that is marked as early',
    codes: ['early-shown', 'false-tick'],
    bob: run(`UPDATE messages SET standing = 'early' WHERE stream = ${STREAM} AND seq = 3`),
  },
  {
    name: 'a message shown although its predecessors are missing',
    codes: ['early-shown', 'invented'],
    bob: (database) => {
      append(database)
      run(`UPDATE streams SET up_to = ${DELIVERED}, frozen_to = ${DELIVERED},
           hash = (SELECT hash FROM messages WHERE stream = ${STREAM} AND seq = ${DELIVERED}) WHERE id = ${STREAM}`)(
        database,
      )
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
    alice: run(
      `UPDATE deliveries SET state = 'delivered', device = (SELECT device FROM devices) WHERE state = 'queued' AND seq = ${DELIVERED + 1}`,
    ),
  },
  {
    name: 'a tick by no device',
    codes: ['false-tick'],
    alice: run(`UPDATE deliveries SET device = NULL WHERE seq = 3`),
  },
  {
    name: 'a tick on a message that was taken back',
    codes: ['false-tick'],
    alice: run(
      `UPDATE deliveries SET state = 'delivered', device = (SELECT device FROM devices) WHERE seq = ${VOIDED}`,
    ),
  },
  {
    name: 'a delivery that fell back',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET state = 'queued' WHERE seq = 3`),
  },
  {
    name: 'a message that is owed to nobody',
    codes: ['wrong-delivery'],
    alice: run(`DELETE FROM deliveries WHERE seq = ${DELIVERED + 1}`),
  },
  {
    name: 'a hold on a message that has arrived',
    codes: ['wrong-delivery'],
    alice: run(`UPDATE deliveries SET hold = 'no-device-known' WHERE seq = 3`),
  },
  {
    name: 'a delivery of a message by somebody else',
    codes: ['wrong-delivery'],
    bob: run(
      `INSERT INTO deliveries (stream, seq, account, state, at) VALUES (${STREAM}, 3, '${BOB_ACCOUNT.replace('D', 'E')}', 'queued', 0)`,
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
    name: 'an index without which positions could be held twice',
    codes: ['wrong-schema'],
    bob: (database) => {
      const sql =
        database.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE name = 'messages'`).pluck().get() ?? ''
      database.exec(sql.replace('messages', 'loose').replace('UNIQUE (stream, seq)', 'CHECK (seq > 0)'))
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
