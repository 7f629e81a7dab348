import { idBytes } from '@parley/shared/ids.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import {
  encodeDelete,
  encodeEdit,
  encodeReaction,
  encodeRead,
  type MessageReference,
  type ReadMark,
} from '@parley/shared/wire/message-body.ts'
import { hex, toJson, type VectorFile } from './json.ts'
import { bobsPeer, epoch, laptop, otherEpoch } from './keys.ts'

const of: MessageReference = { device: laptop.publicKey, epoch, seq: 3 }
const far: MessageReference = { device: bobsPeer.publicKey, epoch: otherEpoch, seq: 2 ** 32 - 1 }
const streams: readonly ReadMark[] = [
  { device: laptop.publicKey, epoch, upTo: 3 },
  { device: laptop.publicKey, epoch: otherEpoch, upTo: 2 ** 32 - 1 },
]

const wire = { device: idBytes(of.device), epoch: idBytes(of.epoch), seq: of.seq }

export function bodies(): VectorFile {
  const body = (name: string, messageKind: string, value: unknown, bytes: Uint8Array) => ({
    kind: 'body',
    name,
    messageKind,
    value: toJson(value),
    bytes: hex(bytes),
  })
  const accepted = (name: string, messageKind: string, value: unknown, written: unknown) => ({
    ...body(name, messageKind, value, encodeCbor(written)),
    kind: 'accepted',
  })
  const refused = (name: string, messageKind: string, bytes: Uint8Array) => ({
    kind: 'refused',
    name,
    messageKind,
    bytes: hex(bytes),
  })
  const cut = encodeEdit(of, 'Hello').subarray(0, -1)
  return {
    about:
      'Bodies of messages about others: an edit, a deletion, a reaction, and how far somebody has read. One that is refused changes nothing, and its message stays in its place.',
    entries: [
      body('an edit', 'edit', { of, text: 'Hello, Bob!' }, encodeEdit(of, 'Hello, Bob!')),
      body('an edit to nothing', 'edit', { of, text: '' }, encodeEdit(of, '')),
      body(
        'an edit beyond ASCII, at the last position',
        'edit',
        { of: far, text: 'Grüße 🌍' },
        encodeEdit(far, 'Grüße 🌍'),
      ),
      body('a deletion', 'delete', { of }, encodeDelete(of)),
      body('a reaction', 'reaction', { of: far, emoji: '👍' }, encodeReaction(far, '👍')),
      body('a reaction that is taken back', 'reaction', { of, emoji: '' }, encodeReaction(of, '')),
      body('what was read', 'read', { streams }, encodeRead(streams)),
      body('nothing that was read', 'read', { streams: [] }, encodeRead([])),
      accepted('another order of keys', 'edit', { of, text: 'Hello' }, { text: 'Hello', of: { ...wire } }),
      accepted('a key that is not known', 'delete', { of }, { of: wire, why: 'a mistake' }),
      refused('an edit without a text', 'edit', encodeDelete(of)),
      refused('an edit of nothing', 'edit', encodeCbor({ text: 'Hello' })),
      refused('position 0', 'delete', encodeCbor({ of: { ...wire, seq: 0 } })),
      refused('an epoch as text', 'delete', encodeCbor({ of: { ...wire, epoch } })),
      refused('two emoji', 'reaction', encodeReaction(of, '👍👍')),
      refused('a word', 'reaction', encodeReaction(of, 'yes')),
      refused('a stream that was read up to nothing', 'read', encodeCbor({ streams: [{ ...wire, upTo: 0 }] })),
      refused('a byte less', 'edit', cut),
      refused('a byte more', 'delete', Buffer.concat([encodeDelete(of), Buffer.of(0)])),
      refused('a list', 'read', encodeCbor([])),
      refused('nothing', 'delete', Buffer.alloc(0)),
    ],
  }
}
