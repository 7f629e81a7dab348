import { idBytes } from '@parley/shared/ids.ts'
import { MAX_BUNDLE_MESSAGES } from '@parley/shared/limits.ts'
import { type BundleDraft, decodeBundle, encodeBundle } from '@parley/shared/wire/bundle.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { hex, toJson, type VectorFile } from './json.ts'
import { epoch, otherEpoch } from './keys.ts'
import { conversation, threeMessages } from './messages.ts'

const DRAFTS: readonly (readonly [name: string, draft: BundleDraft])[] = [
  ['nothing', { streams: [], messages: [], control: [] }],
  ['a confirmation of the ratchet', { streams: [], messages: [], control: [{ kind: 'confirm' }] }],
  [
    'three positions of one stream',
    { streams: [{ epoch, conversation, base: 1 }], messages: threeMessages(), control: [] },
  ],
  [
    'a stream that begins for this device at position 2, and one without messages',
    {
      streams: [
        { epoch, conversation, base: 2 },
        { epoch: otherEpoch, conversation, base: 1 },
      ],
      messages: threeMessages().slice(1),
      control: [{ kind: 'confirm' }],
    },
  ],
  [
    'an epoch that goes on from another, with a position that is withheld between two that are not',
    {
      streams: [{ epoch, conversation, base: 1, follows: { epoch: otherEpoch, seq: 4, hash: Buffer.alloc(32, 4) } }],
      messages: threeMessages().filter((_, index) => index !== 1),
      withheld: [{ epoch, seq: 2, hash: Buffer.alloc(32, 2), prev: Buffer.alloc(32, 1), reason: 'expired' }],
      control: [],
    },
  ],
]

export function bundles(): VectorFile {
  const stream = { epoch: idBytes(epoch), conversation: idBytes(conversation), base: 1 }
  const empty = { v: 1, streams: [stream], messages: [], withheld: [], control: [] }
  const withheld = {
    epoch: idBytes(epoch),
    seq: 2,
    hash: Buffer.alloc(32, 2),
    prev: Buffer.alloc(32, 1),
    reason: 'cancelled',
  }
  const follows = { epoch: idBytes(otherEpoch), seq: 4, hash: Buffer.alloc(32, 4) }
  const accepted = (name: string, value: object) => {
    const bytes = encodeCbor(value)
    return { kind: 'accepted', name, bytes: hex(bytes), bundle: toJson(decodeBundle(bytes)) }
  }
  const refused = (name: string, value: object, error = 'shape') => ({
    kind: 'refused',
    name,
    bytes: hex(encodeCbor(value)),
    error,
  })
  return {
    about: 'What one ciphertext holds: as this version writes it, as others may write it, and what is refused.',
    entries: [
      ...DRAFTS.map(([name, draft]) => ({
        kind: 'bundle',
        name,
        draft: toJson(draft),
        bytes: hex(encodeBundle(draft)),
      })),
      accepted('a position that is withheld', { ...empty, withheld: [withheld] }),
      accepted('an epoch that goes on from another', { ...empty, streams: [{ ...stream, follows }] }),
      accepted('padding', { ...empty, pad: Buffer.alloc(64) }),
      accepted('a control that is not known', { ...empty, control: [{ kind: 'from-the-future', more: 1 }] }),
      accepted('a key that is not known', { ...empty, colour: 'green' }),
      refused('another version', { ...empty, v: 2 }),
      refused('a stream that begins at 0', { ...empty, streams: [{ ...stream, base: 0 }] }),
      refused('a conversation of 31 bytes', { ...empty, streams: [{ ...stream, conversation: Buffer.alloc(31) }] }),
      refused('a message as text', { ...empty, messages: ['hello'] }),
      refused('a message too many', {
        ...empty,
        messages: Array.from({ length: MAX_BUNDLE_MESSAGES + 1 }, () => Buffer.alloc(0)),
      }),
      refused('withheld for no reason', { ...empty, withheld: [{ ...withheld, reason: 'mood' }] }),
      refused('a control without a kind', { ...empty, control: [{}] }),
      refused('a list', []),
    ],
  }
}
