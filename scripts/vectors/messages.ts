import { bodyHash, directConversationId, messageHash, messageIdOf, streamRoot } from '@parley/shared/hashes.ts'
import { idBytes } from '@parley/shared/ids.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { chainMessage, decodeMessage, draftMessage, type MessageContent } from '@parley/shared/wire/message.ts'
import { hex, toJson, type VectorFile } from './json.ts'
import { aliceId, bobId, bobsPeer, epoch, laptop, noon, otherEpoch } from './keys.ts'

export const conversation = directConversationId(aliceId, bobId)
const root = streamRoot(laptop.publicKey, conversation, epoch)

const text = (body: string, lamport: number): MessageContent => ({
  kind: 'text',
  critical: true,
  parents: [],
  lamport,
  sentAt: noon,
  priority: 1,
  body: Buffer.from(body),
})

const answered = messageIdOf(bobsPeer.publicKey, otherEpoch, 4)
const CONTENTS: readonly (readonly [name: string, seq: number, content: MessageContent])[] = [
  ['a text', 1, text('Hello, Bob', 1)],
  ['no body', 2, text('', 2)],
  ['beyond ASCII', 3, text('Grüße 🌍', 3)],
  [
    'all that a message can say',
    4,
    {
      ...text('later', 2 ** 20),
      kind: 'note',
      critical: false,
      parents: [answered],
      priority: 0,
      ttl: 60_000,
      deadline: noon + 1,
      origin: { epoch: otherEpoch, seq: 9, bodyHash: bodyHash('note', Buffer.from('later')) },
    },
  ],
  [
    'an answer to another message',
    5,
    { ...text('yes', 5), replyTo: { device: bobsPeer.publicKey, epoch: otherEpoch, seq: 4 } },
  ],
  ['the last position, and numbers above 32 bits', 2 ** 32 - 1, text('far', 2 ** 40)],
]

export function messages(): VectorFile {
  const first = message('', 1, text('Hello, Bob', 1))
  const plain = wireOf(first)
  const but = (key: number, value?: unknown) => {
    const fields = new Map(plain).set(key, value)
    if (value === undefined) fields.delete(key)
    return fields
  }
  const refused = (name: string, bytes: Uint8Array, error: string) => ({
    kind: 'refused',
    name,
    bytes: hex(bytes),
    error,
  })
  const accepted = (name: string, bytes: Uint8Array) => ({
    kind: 'accepted',
    name,
    bytes: hex(bytes),
    message: toJson(decodeMessage(bytes)),
  })
  return {
    about:
      'Messages: the draft, the bytes with `prev`, their hash; a chain of three; what others may write, and what is refused.',
    entries: [
      ...CONTENTS.map(([name, seq, content]) => message(name, seq, content)),
      chain(),
      accepted('another order of keys', encodeFields([...plain].reverse())),
      accepted('a key that is not known', encodeFields(but(99, 'green'))),
      accepted('a kind that is not known', encodeFields(but(KEY.kind, 'from-the-future'))),
      refused('no prev', encodeFields(but(KEY.prev)), 'shape'),
      refused('a prev of 31 bytes', encodeFields(but(KEY.prev, Buffer.alloc(31))), 'shape'),
      refused('position 0', encodeFields(but(KEY.seq, 0)), 'shape'),
      refused('half a position', encodeFields(but(KEY.seq, 1.5)), 'shape'),
      refused('a position beyond the last', encodeFields(but(KEY.seq, 2 ** 32)), 'shape'),
      refused('another version', encodeFields(but(KEY.v, 2)), 'shape'),
      refused('a kind that is no word', encodeFields(but(KEY.kind, 'Text')), 'shape'),
      refused('an epoch as text', encodeFields(but(KEY.epoch, epoch)), 'shape'),
      refused('a body as text', encodeFields(but(KEY.body, 'Hello')), 'shape'),
      refused('a priority that is not one', encodeFields(but(KEY.priority, 4)), 'shape'),
      refused(
        'an answer to no place',
        encodeFields(but(15, { 0: idBytes(bobsPeer.publicKey), 1: idBytes(otherEpoch), 2: 0 })),
        'shape',
      ),
      refused('a byte more', Buffer.concat([encodeFields(plain), Buffer.of(0)]), 'trailing-bytes'),
      refused('a byte less', encodeFields(plain).subarray(0, -1), 'truncated'),
      refused('nothing', Buffer.alloc(0), 'truncated'),
      refused('a number', Buffer.of(7), 'shape'),
    ],
  }
}

function message(name: string, seq: number, content: MessageContent) {
  const place = { conversation, epoch, seq }
  const prev = seq === 1 ? root : Buffer.alloc(32, 0xaa)
  const draft = draftMessage(place, content)
  const bytes = chainMessage(draft, prev)
  return {
    kind: 'message',
    name,
    place: toJson(place),
    content: toJson(content),
    draft: hex(draft),
    prev: hex(prev),
    bytes: hex(bytes),
    hash: hex(messageHash(bytes)),
  }
}

/** Positions 1 to 3 of one stream, as its author makes them. */
export function threeMessages(): Uint8Array[] {
  const made: Uint8Array[] = []
  let prev = root
  for (const [index, body] of ['one', 'two', 'three'].entries()) {
    const bytes = chainMessage(draftMessage({ conversation, epoch, seq: index + 1 }, text(body, index + 1)), prev)
    made.push(bytes)
    prev = messageHash(bytes)
  }
  return made
}

function chain() {
  const positions = threeMessages().map((bytes, index) => ({
    seq: index + 1,
    messageId: messageIdOf(laptop.publicKey, epoch, index + 1),
    bytes: hex(bytes),
    hash: hex(messageHash(bytes)),
  }))
  return {
    kind: 'chain',
    name: 'three positions',
    device: laptop.publicKey,
    conversation,
    epoch,
    root: hex(root),
    positions,
  }
}

const KEY = {
  prev: 0,
  v: 1,
  kind: 2,
  critical: 3,
  conversation: 4,
  epoch: 5,
  seq: 6,
  parents: 7,
  lamport: 8,
  sentAt: 9,
  priority: 10,
  body: 14,
} as const

/** The fields of a message as its CBOR carries them. */
function wireOf({ bytes }: { bytes: string }): Map<number, unknown> {
  const message = decodeMessage(Buffer.from(bytes, 'hex'))
  const fields = { ...message, conversation: idBytes(message.conversation), epoch: idBytes(message.epoch) }
  return new Map(Object.entries(KEY).map(([name, key]) => [key, Reflect.get(fields, name)]))
}

/** cbor-x would put a tag in front of a map whose keys are numbers. */
function encodeFields(fields: Iterable<readonly [number, unknown]>): Buffer {
  const entries = [...fields]
  const items = entries.flatMap(([key, value]) => [encodeCbor(key), encodeCbor(value)])
  return Buffer.concat([Buffer.of(0xa0 + entries.length), ...items.map((item) => Buffer.from(item))])
}
