import { createHash } from 'node:crypto'
import { toHex } from '@parley/shared/bytes.ts'
import {
  accountIdOf,
  audienceOf,
  bodyHash,
  digestOf,
  directConversationId,
  messageHash,
  messageIdBytes,
  messageIdOf,
  streamRoot,
} from '@parley/shared/hashes.ts'
import {
  AccountId,
  AccountKey,
  ConversationId,
  DeviceKey,
  Digest,
  DirectoryKey,
  Epoch,
  idBytes,
  MessageId,
} from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Hex, readVectors } from './read-vectors.ts'

const of = <K extends string, T extends z.ZodRawShape>(kind: K, fields: T) =>
  z.strictObject({ kind: z.literal(kind), input: Hex, ...fields })

const HashEntry = z.discriminatedUnion('kind', [
  of('account-id', { accountKey: AccountKey, accountId: AccountId }),
  of('audience', { directoryKey: DirectoryKey, audience: Digest }),
  of('digest', { text: z.string(), digest: Digest }),
  of('direct-conversation', { one: AccountId, other: AccountId, conversation: ConversationId }),
  of('message-id', { device: DeviceKey, epoch: Epoch, seq: z.int(), bytes: Hex, messageId: MessageId }),
  of('message-hash', { bytes: Hex, hash: Hex }),
  of('body-hash', { messageKind: z.string(), body: Hex, hash: Hex }),
  of('stream-root', { device: DeviceKey, conversation: ConversationId, epoch: Epoch, hash: Hex }),
])
type HashEntry = z.infer<typeof HashEntry>

/** What our code makes of the fields, in hex; and what the file says. */
function bothOf(entry: HashEntry): [made: string, written: string] {
  switch (entry.kind) {
    case 'account-id':
      return [toHex(idBytes(accountIdOf(entry.accountKey))), toHex(idBytes(entry.accountId))]
    case 'audience':
      return [toHex(idBytes(audienceOf(entry.directoryKey))), toHex(idBytes(entry.audience))]
    case 'body-hash':
      return [toHex(bodyHash(entry.messageKind, entry.body)), toHex(entry.hash)]
    case 'digest':
      return [toHex(idBytes(digestOf(entry.text))), toHex(idBytes(entry.digest))]
    case 'direct-conversation':
      return [toHex(idBytes(directConversationId(entry.one, entry.other))), toHex(idBytes(entry.conversation))]
    case 'message-id':
      expect(messageIdOf(entry.device, entry.epoch, entry.seq)).toBe(entry.messageId)
      expect(toHex(idBytes(entry.messageId))).toBe(toHex(entry.bytes))
      return [toHex(messageIdBytes(entry.device, entry.epoch, entry.seq)), toHex(entry.bytes)]
    case 'message-hash':
      return [toHex(messageHash(entry.bytes)), toHex(entry.hash)]
    case 'stream-root':
      return [toHex(streamRoot(entry.device, entry.conversation, entry.epoch)), toHex(entry.hash)]
  }
}

describe('the vectors of hashes', () => {
  test.each(readVectors('hashes.json', HashEntry).map((entry, index) => ({ entry, index, kind: entry.kind })))(
    '$kind, entry $index',
    ({ entry }) => {
      const [made, written] = bothOf(entry)
      expect(made).toBe(written)
      expect(createHash('sha256').update(entry.input).digest('hex').startsWith(written)).toBe(true)
    },
  )

  test('a direct conversation is the same from both sides', () => {
    for (const entry of readVectors('hashes.json', HashEntry)) {
      if (entry.kind === 'direct-conversation')
        expect(directConversationId(entry.other, entry.one)).toBe(entry.conversation)
    }
  })
})
