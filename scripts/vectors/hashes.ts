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
import { AccountId, idBytes } from '@parley/shared/ids.ts'
import { hex, type VectorFile } from './json.ts'
import {
  alice,
  alice2,
  aliceId,
  bobId,
  bobsPeer,
  directory,
  epoch,
  laptop,
  otherDirectory,
  otherEpoch,
} from './keys.ts'

/** `input` is what SHA-256 is taken of, put together here by hand. */
export function hashes(): VectorFile {
  return {
    about: 'Every hash that names or chains something. `input` is what SHA-256 is taken of.',
    entries: [
      ...[alice, alice2].map(({ publicKey: accountKey }) => ({
        kind: 'account-id',
        accountKey,
        input: hex(idBytes(accountKey)),
        accountId: accountIdOf(accountKey),
      })),
      ...[directory, otherDirectory].map(({ publicKey: directoryKey }) => ({
        kind: 'audience',
        directoryKey,
        input: hex(idBytes(directoryKey)),
        audience: audienceOf(directoryKey),
      })),
      ...['', 'abc', 'Grüße, 世界'].map((text) => ({
        kind: 'digest',
        text,
        input: hex(Buffer.from(text)),
        digest: digestOf(text),
      })),
      ...conversations(),
      ...[1, 2, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER].map(messageId),
      ...[Buffer.alloc(0), Buffer.from('a0', 'hex')].map((bytes) => ({
        kind: 'message-hash',
        bytes: hex(bytes),
        input: hex(Buffer.concat([Buffer.from('parley/1 message'), bytes])),
        hash: hex(messageHash(bytes)),
      })),
      ...['', 'Grüße'].map((text) => {
        const body = Buffer.from(text)
        const input = hex(Buffer.concat([Buffer.from('parley/1 bodytext\0'), body]))
        return { kind: 'body-hash', messageKind: 'text', body: hex(body), input, hash: hex(bodyHash('text', body)) }
      }),
      ...[laptop, bobsPeer].map(({ publicKey: device }) => {
        const conversation = directConversationId(aliceId, bobId)
        const parts = [Buffer.from('parley/1 stream'), idBytes(device), idBytes(conversation), idBytes(otherEpoch)]
        const input = hex(Buffer.concat(parts))
        return {
          kind: 'stream-root',
          device,
          conversation,
          epoch: otherEpoch,
          input,
          hash: hex(streamRoot(device, conversation, otherEpoch)),
        }
      }),
    ],
  }
}

function messageId(seq: number): VectorFile['entries'][number] {
  const { publicKey: device } = laptop
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(seq))
  const input = hex(Buffer.concat([Buffer.from('parley/1 id'), idBytes(device), idBytes(epoch), counter]))
  const bytes = hex(messageIdBytes(device, epoch, seq))
  return { kind: 'message-id', device, epoch, seq, input, bytes, messageId: messageIdOf(device, epoch, seq) }
}

/** The last pair stands in one order as bytes and in the other as text: the bytes decide. */
function conversations(): VectorFile['entries'][number][] {
  const [low, high] = [Buffer.alloc(32, 0x08), Buffer.alloc(32, 0xf8)].map((bytes) =>
    AccountId.parse(bytes.toString('base64url')),
  )
  if (low === undefined || high === undefined) throw new Error('two accounts')
  const pairs = [
    [aliceId, bobId],
    [bobId, aliceId],
    [aliceId, aliceId],
    [low, high],
  ] as const
  return pairs.map(([one, other]) => {
    const sorted = [one, other].map((id) => Buffer.from(idBytes(id))).sort((a, b) => Buffer.compare(a, b))
    const input = hex(Buffer.concat([Buffer.from('parley/1 direct'), ...sorted]))
    return { kind: 'direct-conversation', one, other, input, conversation: directConversationId(one, other) }
  })
}
