import { directConversationId } from '@parley/shared/hashes.ts'
import { EnvelopeId, idBytes } from '@parley/shared/ids.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { decodeFrame } from '@parley/shared/wire/frame-reader.ts'
import { type Claim, encodeFrame, type Frame, type Hello } from '@parley/shared/wire/frames.ts'
import { hex, type Json, toJson, type VectorFile } from './json.ts'
import { alice, alice3, aliceId, bobId, epoch, otherEpoch, privateKey } from './keys.ts'
import { aliceName, laptopOf, rest, rotationChain } from './signed-objects.ts'

export const envelopeId = EnvelopeId.parse(Buffer.alloc(16, 0xee).toString('base64url'))
const otherEnvelopeId = EnvelopeId.parse(Buffer.alloc(16, 0xef).toString('base64url'))

/** Keys and signatures of the right shape and no more: nothing can be sealed with them. */
function prekeyBundle(): PrekeyBundle {
  const signature = Buffer.alloc(64, 0x53).toString('base64url')
  const curve = (fill: number): string => Buffer.concat([Buffer.of(5), Buffer.alloc(32, fill)]).toString('base64url')
  const kyber = Buffer.concat([Buffer.of(8), Buffer.alloc(1_568, 0x4b)]).toString('base64url')
  return {
    v: 1,
    registrationId: 0x3f_ff,
    signed: { id: 1, publicKey: curve(1), signature },
    curve: { id: 0xff_ff_ff, publicKey: curve(2) },
    kyber: { id: 7, publicKey: kyber, signature },
  }
}

async function hello(): Promise<Hello> {
  return {
    type: 1,
    protocol: { min: 1, max: 1 },
    features: [],
    deviceCertificate: await signDeviceCertificate(rest(laptopOf(alice.publicKey)), privateKey('alice')),
    rotations: [],
    name: aliceName,
    purpose: 'messages',
    boot: Buffer.alloc(16, 0xb0),
    alone: true,
    path: 'direct',
  }
}

async function knownFrames(): Promise<(readonly [name: string, frame: Frame])[]> {
  const plain = await hello()
  const claim: Claim = { epoch, upTo: 3, hash: Buffer.alloc(32, 3) }
  const gap: Claim = { ...claim, ranges: [{ from: 5, to: 6, hash: Buffer.alloc(32, 6) }] }
  const nothing: Claim = { epoch: otherEpoch, upTo: 0 }
  const { curve: _, ...lastResort } = prekeyBundle()
  return [
    ['hello', plain],
    [
      'hello with all that it can say',
      {
        ...plain,
        protocol: { min: 1, max: 3 },
        features: ['text', 'files'],
        deviceCertificate: await signDeviceCertificate(rest(laptopOf(alice3.publicKey)), privateKey('alice3')),
        rotations: await rotationChain(),
        purpose: 'files',
        alone: false,
        path: 'relay',
        networkToken: 'token',
        treeHead: { size: 7 },
      },
    ],
    ['envelope', { type: 2, id: envelopeId, sealing: 'signal', bytes: Buffer.from('sealed') }],
    ['envelope by a sender key', { type: 2, id: envelopeId, sealing: 'sender-key', bytes: Buffer.alloc(0) }],
    ['ack', { type: 3, envelopes: [envelopeId], streams: [claim] }],
    [
      'ack of two envelopes, with a gap and a stream of which nothing is held',
      { type: 3, envelopes: [envelopeId, otherEnvelopeId], streams: [gap, nothing] },
    ],
    ['reject', { type: 4, envelope: envelopeId, code: 'duplicate', streams: [claim] }],
    [
      'reject with a bundle',
      { type: 4, envelope: envelopeId, code: 'undecryptable', streams: [], bundle: prekeyBundle() },
    ],
    ['positions of nothing', { type: 5, streams: [], last: true }],
    ['positions, one page of more', { type: 5, streams: [claim, nothing], latest: envelopeId, last: false }],
    ['positions above 32 bits', { type: 5, streams: [{ ...claim, upTo: 2 ** 32 }], last: true }],
    ['ping', { type: 6 }],
    ['pong', { type: 7 }],
    ['bye', { type: 8, reason: 'stopping' }],
    ['bye for a while', { type: 8, reason: 'busy', retryAfterMs: 60_000 }],
    ...[0, 23, 24, 255, 256].map(
      (size) => [`app of ${size} bytes`, { type: 9, bytes: Buffer.alloc(size, 0x61) }] as const,
    ),
    ['prekeys-request', { type: 10 }],
    ['prekeys', { type: 11, bundle: prekeyBundle() }],
    ['prekeys with the last-resort key', { type: 11, bundle: lastResort }],
    ['typing', { type: 128, conversation: directConversationId(aliceId, bobId) }],
  ]
}

export async function frames(): Promise<VectorFile> {
  const accepted = (name: string, body: Uint8Array) => ({
    kind: 'accepted',
    name,
    body: hex(body),
    frame: toJson(decodeFrame(body)),
  })
  const ignored = (name: string, body: Uint8Array) => ({ kind: 'ignored', name, body: hex(body) })
  const claim = { epoch: idBytes(epoch), upTo: 3, hash: Buffer.alloc(32, 3) }
  const entries: { kind: string; [key: string]: Json }[] = []
  for (const [name, frame] of await knownFrames())
    entries.push({ kind: 'frame', name, frame: toJson(frame), bytes: hex(encodeFrame(frame)) })
  return {
    about:
      'Frames: as this version writes them (length included), as others may write them, and those that are passed over.',
    entries: [
      ...entries,
      accepted('another order of keys', encodeCbor({ last: true, streams: [claim], type: 5 })),
      accepted('a key that is not known', encodeCbor({ type: 6, colour: 'green' })),
      accepted('a key that means something to JavaScript', Buffer.from('a2647479706506695f5f70726f746f5f5fa0', 'hex')),
      accepted(
        'app with its length in more bytes than it needs',
        Buffer.from('a26474797065096562797465735a0000000161', 'hex'),
      ),
      accepted('a small number as a float', Buffer.from('a16474797065fb4018000000000000', 'hex')),
      accepted('a count above 32 bits as an integer', positions('1b0000000100000000')),
      accepted('a count above 32 bits as a float', positions('fb41f0000000000000')),
      accepted('a reason to leave that is not known', encodeCbor({ type: 8, reason: 'from-the-future' })),
      ignored('a type from 128 on', encodeCbor({ type: 129, anything: [1, 2] })),
      ignored('typing in no conversation', encodeCbor({ type: 128, conversation: 'ours' })),
      ignored('a type far beyond', encodeCbor({ type: 70_000 })),
    ],
  }
}

/** positions of one stream, with `upTo` written as given. */
function positions(upTo: string): Buffer {
  const stream = `a3${text('epoch')}50${hex(idBytes(epoch))}${text('upTo')}${upTo}${text('hash')}5820${'03'.repeat(32)}`
  return Buffer.from(`a3${text('type')}05${text('streams')}81${stream}${text('last')}f5`, 'hex')
}

function text(word: string): string {
  return hex(Buffer.concat([Buffer.of(0x60 + word.length), Buffer.from(word)]))
}
