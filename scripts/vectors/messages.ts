import { directConversationId, messageHash, messageIdOf, streamRoot } from '@parley/shared/hashes.ts'
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
      origin: { messageId: answered, bodyHash: Buffer.alloc(32, 9) },
    },
  ],
  ['numbers above 32 bits', 2 ** 32, text('far', 2 ** 40)],
]

export function messages(): VectorFile {
  const first = message('', 1, text('Hello, Bob', 1))
  const plain = wireOf(first)
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
      accepted('another order of keys', encodeCbor({ body: plain['body'], ...without(plain, 'body') })),
      accepted('a key that is not known', encodeCbor({ ...plain, colour: 'green' })),
      accepted('a kind that is not known', encodeCbor({ ...plain, kind: 'from-the-future' })),
      refused('no prev', encodeCbor(without(plain, 'prev')), 'shape'),
      refused('a prev of 31 bytes', encodeCbor({ ...plain, prev: Buffer.alloc(31) }), 'shape'),
      refused('position 0', encodeCbor({ ...plain, seq: 0 }), 'shape'),
      refused('half a position', encodeCbor({ ...plain, seq: 1.5 }), 'shape'),
      refused('another version', encodeCbor({ ...plain, v: 2 }), 'shape'),
      refused('a kind that is no word', encodeCbor({ ...plain, kind: 'Text' }), 'shape'),
      refused('an epoch as text', encodeCbor({ ...plain, epoch }), 'shape'),
      refused('a body as text', encodeCbor({ ...plain, body: 'Hello' }), 'shape'),
      refused('a priority that is not one', encodeCbor({ ...plain, priority: 4 }), 'shape'),
      refused('a byte more', Buffer.concat([encodeCbor(plain), Buffer.of(0)]), 'trailing-bytes'),
      refused('a byte less', encodeCbor(plain).subarray(0, -1), 'truncated'),
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

/** The fields of a message as its CBOR carries them. */
function wireOf({ bytes }: { bytes: string }): Record<string, unknown> {
  const { conversation: id, epoch: run, ...fields } = decodeMessage(Buffer.from(bytes, 'hex'))
  return { ...fields, conversation: idBytes(id), epoch: idBytes(run) }
}

function without(fields: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key))
}
