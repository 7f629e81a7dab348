// What a device wrote down about its own messages: deliveries, cursors and envelopes must agree with each other. Each rule is a
// question whose answer is the rows that break it, so an honest database answers with none.
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import { MAX_OPEN_ENVELOPES, MAX_OUTBOX_MESSAGES } from '@parley/shared/limits.ts'
import type { LedgerDatabase } from './ledger-database.ts'
import type { Findings, Place, ViolationCode } from './ledger-report.ts'

interface Rule {
  readonly code: ViolationCode
  readonly detail: string
  /** Answers `stream` and `seq`, or a `name` of what has no position. May use :device and :account, which are mine. */
  readonly sql: string
}

const DELIVERIES = 'deliveries d JOIN streams s ON s.id = d.stream'
/** The first of the positions of a delivery and a cursor that both have. */
const FIRST_COMMON = 'max(d.from_seq, c.base)'

const RULES: readonly Rule[] = [
  {
    code: 'altered',
    detail: 'the ids that the API shows are none',
    sql: `SELECT id AS stream, base AS seq FROM streams WHERE length(tag) <> 16 OR tag GLOB '*[^A-Za-z0-9_-]*'`,
  },
  {
    code: 'wrong-delivery',
    // A restored device keeps what became of the messages of the one whose place it took.
    detail: 'a delivery of a message by another device',
    sql: `SELECT d.stream, d.from_seq AS seq FROM ${DELIVERIES} WHERE s.device <> :device
          AND NOT EXISTS (SELECT 1 FROM devices v WHERE v.device = s.device AND v.account = :account AND v.state = 'revoked')`,
  },
  {
    code: 'wrong-delivery',
    detail: 'a delivery to its own account',
    sql: 'SELECT stream, from_seq AS seq FROM deliveries WHERE account = :account',
  },
  {
    code: 'wrong-delivery',
    detail: 'a delivery of positions that its stream does not have',
    sql: `SELECT d.stream, d.from_seq AS seq FROM ${DELIVERIES} WHERE d.from_seq > d.to_seq OR d.from_seq < s.base OR d.to_seq > s.up_to`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it has two states towards one account',
    sql: `SELECT stream, seq FROM (SELECT stream, from_seq AS seq, lag(to_seq) OVER (PARTITION BY stream, account ORDER BY from_seq) AS before
          FROM deliveries) WHERE seq <= before`,
  },
  {
    code: 'lost',
    detail: 'it was accepted for delivery and is not there',
    // Positions are gone through one by one only where their number is too small.
    sql: `WITH RECURSIVE owed (stream, seq, last) AS (
            SELECT d.stream, d.from_seq, d.to_seq FROM deliveries d WHERE d.to_seq - d.from_seq + 1 > (
              SELECT count(*) FROM messages WHERE position BETWEEN ((d.stream << 32) | d.from_seq) AND ((d.stream << 32) | d.to_seq))
            UNION ALL SELECT stream, seq + 1, last FROM owed WHERE seq < last
            LIMIT ${MAX_OUTBOX_MESSAGES})
          SELECT stream, seq FROM owed WHERE NOT EXISTS (SELECT 1 FROM messages WHERE position = ((stream << 32) | seq))`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it was sent, and its stream is not frozen up to it',
    sql: `SELECT d.stream, max(d.from_seq, s.frozen_to + 1) AS seq FROM ${DELIVERIES}
          WHERE d.state IN ('sent', 'delivered', 'read') AND d.to_seq > s.frozen_to
          AND d.to_seq - max(d.from_seq, s.frozen_to + 1) + 1 > (SELECT count(*) FROM reissues r
            WHERE r.stream = d.stream AND r.seq BETWEEN max(d.from_seq, s.frozen_to + 1) AND d.to_seq)`,
  },
  {
    code: 'false-tick',
    detail: 'it is marked as delivered by no device',
    sql: `SELECT stream, from_seq AS seq FROM deliveries WHERE state IN ('delivered', 'read') AND device IS NULL`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it is held back, though it is not waiting',
    sql: `SELECT stream, from_seq AS seq FROM deliveries WHERE hold IS NOT NULL AND state <> 'queued'`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it counts as not delivered, though a device of the recipient confirmed it',
    sql: `SELECT d.stream, ${FIRST_COMMON} AS seq FROM deliveries d JOIN devices v ON v.account = d.account
          JOIN cursors c ON c.stream = d.stream AND c.device = v.device
          WHERE d.state IN ('queued', 'sent') AND ${FIRST_COMMON} <= min(d.to_seq, c.confirmed_to)`,
  },
  {
    code: 'lost',
    detail: 'it is to be delivered, and every device of the recipient begins after it',
    sql: `SELECT d.stream, min(d.from_seq) AS seq FROM deliveries d JOIN devices v ON v.account = d.account AND v.state = 'active'
          JOIN cursors c ON c.stream = d.stream AND c.device = v.device
          WHERE d.state IN ('queued', 'sent') GROUP BY d.stream, d.account HAVING min(d.from_seq) < min(c.base)`,
  },
  {
    code: 'wrong-mark',
    detail: 'its stream is frozen up to it, and it was sealed for nobody',
    sql: `SELECT id AS stream, frozen_to AS seq FROM streams s WHERE device = :device AND closed = 0 AND frozen_to >= base
          AND NOT EXISTS (SELECT 1 FROM cursors c WHERE c.stream = s.id AND c.sealed_to >= s.frozen_to)`,
  },
  {
    code: 'wrong-mark',
    detail: 'a cursor stands on a stream of another device',
    sql: 'SELECT c.stream, c.base AS seq FROM cursors c JOIN streams s ON s.id = c.stream WHERE s.device <> :device',
  },
  {
    code: 'wrong-mark',
    detail: 'a cursor stands where it cannot',
    sql: `SELECT c.stream, c.sealed_to AS seq FROM cursors c JOIN streams s ON s.id = c.stream
          WHERE c.base < 1 OR c.base > s.up_to + 1 OR c.sealed_to < c.base - 1 OR c.confirmed_to < c.base - 1
             OR c.sealed_to > max(s.frozen_to, c.base - 1) OR c.confirmed_to > max(s.frozen_to, c.base - 1)`,
  },
  {
    code: 'wrong-mark',
    detail: 'a conversation has two open streams of one device',
    sql: 'SELECT max(id) AS stream, 1 AS seq FROM streams WHERE closed = 0 AND device = :device GROUP BY conversation HAVING count(*) > 1',
  },
  {
    code: 'wrong-envelope',
    detail: 'an open envelope without its ciphertext, or with another one',
    sql: `SELECT e.id AS name FROM envelopes e LEFT JOIN ciphertexts c ON c.id = e.ciphertext
          WHERE e.state = 'open' AND (c.id IS NULL OR length(c.bytes) <> e.size OR e.ended_at IS NOT NULL)`,
  },
  {
    code: 'wrong-envelope',
    detail: 'an envelope that has ended keeps a ciphertext, or does not say when it ended',
    sql: `SELECT id AS name FROM envelopes WHERE state <> 'open' AND (ciphertext IS NOT NULL OR ended_at IS NULL)`,
  },
  {
    code: 'wrong-envelope',
    detail: 'one ciphertext in two envelopes',
    sql: 'SELECT max(id) AS name FROM envelopes WHERE ciphertext IS NOT NULL GROUP BY ciphertext HAVING count(*) > 1',
  },
  {
    code: 'wrong-envelope',
    detail: 'a ciphertext without an envelope',
    sql: `SELECT 'ciphertext ' || id AS name FROM ciphertexts
          WHERE id NOT IN (SELECT ciphertext FROM envelopes WHERE ciphertext IS NOT NULL)`,
  },
  {
    code: 'wrong-envelope',
    detail: `more than ${MAX_OPEN_ENVELOPES} open envelopes to one device`,
    sql: `SELECT device AS name FROM envelopes WHERE state = 'open' GROUP BY device HAVING count(*) > ${MAX_OPEN_ENVELOPES}`,
  },
  {
    code: 'wrong-envelope',
    detail: 'an envelope holds positions that were never sealed for its device',
    sql: `SELECT r.stream, r.from_seq AS seq FROM envelope_ranges r JOIN envelopes e ON e.n = r.envelope
          LEFT JOIN cursors c ON c.stream = r.stream AND c.device = e.device
          WHERE c.stream IS NULL OR r.from_seq > r.to_seq OR r.from_seq < c.base OR r.to_seq > c.sealed_to`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it was sealed for the recipient and counts as queued',
    sql: `SELECT d.stream, max(d.from_seq, r.from_seq) AS seq FROM envelope_ranges r JOIN envelopes e ON e.n = r.envelope
          JOIN devices v ON v.device = e.device JOIN deliveries d ON d.stream = r.stream AND d.account = v.account
          WHERE d.state = 'queued' AND d.from_seq <= r.to_seq AND d.to_seq >= r.from_seq`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it went on in another epoch, and its own is open, or it is not there, or is shown twice',
    sql: `SELECT r.from_stream AS stream, r.from_seq AS seq FROM reissues r JOIN streams f ON f.id = r.from_stream
          JOIN streams t ON t.id = r.stream
          WHERE f.closed = 0 OR f.device <> :device OR t.device <> :device OR t.conversation <> f.conversation OR r.seq > t.up_to
             OR NOT EXISTS (SELECT 1 FROM hidden h WHERE h.stream = r.from_stream AND h.seq = r.from_seq)`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it went on in another epoch, and is still owed here',
    sql: `SELECT r.from_stream AS stream, r.from_seq AS seq FROM reissues r JOIN deliveries d
          ON d.stream = r.from_stream AND r.from_seq BETWEEN d.from_seq AND d.to_seq`,
  },
  {
    code: 'wrong-delivery',
    detail: 'it is withheld from an account for which it did not end',
    sql: `SELECT w.stream, w.seq FROM withheld w JOIN deliveries d
          ON d.stream = w.stream AND d.account = w.account AND w.seq BETWEEN d.from_seq AND d.to_seq WHERE d.state NOT IN (w.reason, 'refused')`,
  },
]

interface Broken {
  readonly stream?: number
  readonly seq?: number
  readonly name?: string
}

/** Adds what contradicts itself, and counts what still waits and what was kept as evidence. */
export function checkOwnBooks(ledger: LedgerDatabase, findings: Findings): void {
  const { database, device, account } = ledger
  for (const { code, detail, sql } of RULES) {
    const question = database.prepare<object, Broken>(sql)
    for (const broken of question.iterate({ device, account }))
      findings.add(code, placeOf(ledger, broken), broken.name === undefined ? detail : `${detail}: ${broken.name}`)
  }
  checkRecipients(ledger, findings)
  const count = (sql: string): number => Number(database.prepare<[], number>(sql).pluck().get() ?? 0)
  findings.checked.pending += count(
    `SELECT total(to_seq - from_seq + 1) FROM deliveries WHERE state IN ('queued', 'sent')`,
  )
  findings.checked.forks += count('SELECT count(*) FROM forks')
  checkKeys(ledger, findings)
}

/** In a direct conversation each of my messages is owed to the other one. */
function checkRecipients(ledger: LedgerDatabase, findings: Findings): void {
  const { database, device, account } = ledger
  const unowed = database.prepare<object, Broken>(
    `WITH owed AS (SELECT d.stream, d.from_seq, d.to_seq FROM deliveries d JOIN streams s ON s.id = d.stream
       WHERE s.conversation = :conversation AND s.device = :device AND d.account = :contact
       UNION ALL SELECT r.from_stream, r.from_seq, r.from_seq FROM reissues r JOIN streams s ON s.id = r.from_stream
         WHERE s.conversation = :conversation
       UNION ALL SELECT id, up_to + 1, up_to FROM streams WHERE conversation = :conversation AND device = :device)
     SELECT stream, before + 1 AS seq FROM (
       SELECT o.stream, o.from_seq, lag(o.to_seq, 1, s.base - 1) OVER (PARTITION BY o.stream ORDER BY o.from_seq, o.to_seq) AS before
       FROM owed o JOIN streams s ON s.id = o.stream)
     WHERE from_seq > before + 1`,
  )
  for (const contact of database.prepare<[], AccountId>('SELECT account FROM contacts').pluck().iterate()) {
    const conversation = directConversationId(account, contact)
    for (const broken of unowed.iterate({ conversation, device, contact }))
      findings.add('wrong-delivery', placeOf(ledger, broken), 'it is owed to nobody in its conversation')
  }
}

/** Every idempotency key stands for a message that is there. */
function checkKeys({ path, database }: LedgerDatabase, findings: Findings): void {
  const find = database.prepare<[number, string]>(
    'SELECT 1 FROM streams s JOIN messages ON position = ((s.id << 32) | ?) WHERE s.tag = ?',
  )
  for (const id of database.prepare<[], string>('SELECT local_id FROM idempotency').pluck().iterate()) {
    const bytes = Buffer.from(id, 'base64url')
    const isThere = bytes.length === 16 && find.get(bytes.readUInt32BE(12), id.slice(0, 16)) !== undefined
    if (!isThere)
      findings.add('lost', { database: path }, `it was accepted under an idempotency key and is not there: ${id}`)
  }
}

function placeOf({ path, database }: LedgerDatabase, { stream, seq }: Broken): Place {
  if (stream === undefined || seq === undefined) return { database: path }
  const of = database
    .prepare<[number], { device: DeviceKey; epoch: Epoch }>('SELECT device, epoch FROM streams WHERE id = ?')
    .get(stream)
  return { database: path, ...of, seq }
}
