// The API's id of a message: the tag of its stream, which is random and never leaves this device, and its position. So it needs
// neither a column nor an index, it stays through edits, and another stream on another device never has the same.
import { toBase64url } from '@parley/shared/bytes.ts'
import { isLocalMessageId, type LocalMessageId } from '@parley/shared/ids.ts'

/** 12 random bytes are 16 characters; a position is 4 bytes, 6 characters. */
const TAG_BYTES = 12
const TAG_CHARS = 16

/** Begins with a letter: an id that began with a dash would look like an option on a command line. */
export function newTag(random: (size: number) => Uint8Array): string {
  const [first = 0, ...others] = random(TAG_BYTES)
  return toBase64url(Uint8Array.of(first & 0x7f, ...others))
}

const seqBytes = Buffer.alloc(4)

export function localIdOf(tag: string, seq: number): LocalMessageId {
  seqBytes.writeUInt32BE(seq)
  const id = tag + seqBytes.toString('base64url')
  if (!isLocalMessageId(id)) throw new TypeError(`${tag} is not the tag of a stream`)
  return id
}

/** Undefined for a text that is no such id. */
export function readLocalId(text: string): { tag: string; seq: number } | undefined {
  if (!isLocalMessageId(text)) return undefined
  return { tag: text.slice(0, TAG_CHARS), seq: Buffer.from(text.slice(TAG_CHARS), 'base64url').readUInt32BE() }
}
