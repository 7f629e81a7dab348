// What a message says of itself against the place where it is kept: the bytes are what its author wrote.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import { MAX_MESSAGE_BYTES } from '@parley/shared/limits.ts'
import { decodeStoredMessage, type Message } from '@parley/shared/wire/message.ts'
import type { Statement } from 'better-sqlite3'
import type { LedgerDatabase, LedgerMessage, LedgerStream } from './ledger-database.ts'
import type { ViolationCode } from './ledger-report.ts'

export interface Fault {
  readonly code: ViolationCode
  readonly detail: string
}

export class MessageCheck {
  readonly #at: Statement<[number, string], Uint8Array>

  constructor({ database }: LedgerDatabase) {
    this.#at = database
      .prepare<[number, string], Uint8Array>(
        'SELECT bytes FROM streams s JOIN messages ON position = ((s.id << 32) | ?) WHERE s.epoch = ?',
      )
      .pluck()
  }

  /** What the bytes say, or the first thing that is wrong. `prev`: hash of the position before, where it is known. */
  check(stream: LedgerStream, row: LedgerMessage, prev: Uint8Array | undefined): Message | Fault {
    if (row.bytes.length > MAX_MESSAGE_BYTES) return { code: 'altered', detail: 'it is longer than a message can be' }
    const message = readMessage(row.bytes)
    if (message === undefined) return { code: 'altered', detail: 'its bytes are not a message' }
    return this.#misplaced(stream, row, message) ?? unlike(stream, message) ?? unchained(message, prev) ?? message
  }

  #misplaced(stream: LedgerStream, row: LedgerMessage, { epoch, seq }: Message): Fault | undefined {
    if (epoch === stream.epoch && seq === row.seq) return undefined
    const isHeldThere = this.#at.all(seq, epoch).some((bytes) => isEqualBytes(bytes, row.bytes))
    const code = isHeldThere ? 'doubled' : 'reordered'
    return {
      code,
      detail: `it is position ${seq}${epoch === stream.epoch ? '' : ` of the epoch ${epoch}`} by its own words`,
    }
  }
}

function readMessage(bytes: Uint8Array): Message | undefined {
  try {
    return decodeStoredMessage(bytes)
  } catch {
    return undefined
  }
}

function unlike({ conversation }: LedgerStream, message: Message): Fault | undefined {
  if (message.conversation === conversation) return undefined
  return { code: 'altered', detail: 'it belongs to another conversation by its own words' }
}

function unchained({ prev }: Message, expected: Uint8Array | undefined): Fault | undefined {
  if (expected === undefined || isEqualBytes(prev, expected)) return undefined
  return { code: 'broken-chain', detail: 'it does not name the hash of the position before it' }
}
