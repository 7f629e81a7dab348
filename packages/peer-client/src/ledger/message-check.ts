// One row of `messages` against the bytes that it keeps: the bytes are what its author wrote, the columns are copies.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { messageHash, messageIdBytes } from '@parley/shared/hashes.ts'
import { LocalMessageId } from '@parley/shared/ids.ts'
import { MAX_MESSAGE_BYTES } from '@parley/shared/limits.ts'
import { decodeMessage, type Message } from '@parley/shared/wire/message.ts'
import type { Statement } from 'better-sqlite3'
import type { LedgerDatabase, LedgerMessage, LedgerStream } from './ledger-database.ts'
import type { ViolationCode } from './ledger-report.ts'

/** A position that was given up keeps the chain whole and is never shown. */
const VOID = 'void'

interface Fault {
  readonly code: ViolationCode
  readonly detail: string
}

export class MessageCheck {
  readonly #hashesAt: Statement<[string, number], Uint8Array>

  constructor({ database }: LedgerDatabase) {
    this.#hashesAt = database
      .prepare<[string, number], Uint8Array>(
        'SELECT m.hash FROM streams s JOIN messages m ON m.stream = s.id WHERE s.epoch = ? AND m.seq = ?',
      )
      .pluck()
  }

  /** The first thing that is wrong. `prev`: hash of the position before, where it is known. */
  check(stream: LedgerStream, row: LedgerMessage, prev: Uint8Array | undefined): Fault | undefined {
    if (row.bytes.length > MAX_MESSAGE_BYTES) return { code: 'altered', detail: 'it is longer than a message can be' }
    if (!isEqualBytes(row.hash, messageHash(row.bytes)))
      return { code: 'altered', detail: 'its bytes are not those that its hash was made of' }
    const message = readMessage(row.bytes)
    if (message === undefined) return { code: 'altered', detail: 'its bytes are not a message' }
    return this.#misplaced(stream, row, message) ?? unlike(stream, row, message) ?? unchained(message, prev)
  }

  #misplaced(stream: LedgerStream, row: LedgerMessage, { epoch, seq }: Message): Fault | undefined {
    if (epoch === stream.epoch && seq === row.seq) return undefined
    const isHeldThere = this.#hashesAt.all(epoch, seq).some((hash) => isEqualBytes(hash, row.hash))
    const code = isHeldThere ? 'doubled' : 'reordered'
    return {
      code,
      detail: `it is position ${seq}${epoch === stream.epoch ? '' : ` of the epoch ${epoch}`} by its own words`,
    }
  }
}

function readMessage(bytes: Uint8Array): Message | undefined {
  try {
    return decodeMessage(bytes)
  } catch {
    return undefined
  }
}

function unlike(stream: LedgerStream, row: LedgerMessage, message: Message): Fault | undefined {
  const messageId = messageIdBytes(stream.device, message.epoch, message.seq)
  if (!isEqualBytes(row.messageId, messageId))
    return { code: 'reordered', detail: 'its id is not that of its position' }
  if (row.lamport !== message.lamport)
    return { code: 'reordered', detail: `its clock value is ${message.lamport} and was kept as ${row.lamport}` }
  if (!LocalMessageId.safeParse(row.localId).success)
    return { code: 'altered', detail: 'the id that the API shows is not one' }
  const isTold =
    message.conversation === stream.conversation &&
    row.conversation === stream.conversation &&
    row.kind === message.kind &&
    row.sentAt === message.sentAt &&
    row.priority === message.priority
  if (!isTold) return { code: 'altered', detail: 'its conversation, kind, time or priority is not what its bytes say' }
  if (row.standing !== 'early' && (row.standing === VOID) !== (message.kind === VOID))
    return { code: 'altered', detail: `it is marked ${row.standing}, and its kind is ${message.kind}` }
  return undefined
}

function unchained({ prev }: Message, expected: Uint8Array | undefined): Fault | undefined {
  if (expected === undefined || isEqualBytes(prev, expected)) return undefined
  return { code: 'broken-chain', detail: 'it does not name the hash of the position before it' }
}
