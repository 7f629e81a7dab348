import { foldName } from '@parley/shared/ids.ts'
import { hex, type VectorFile } from './json.ts'

const BYTES: readonly Buffer[] = [
  Buffer.alloc(16),
  Buffer.alloc(16, 0xff),
  Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  Buffer.alloc(32),
  Buffer.alloc(32, 0xff),
  Buffer.from('fbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbef', 'hex'),
]

const NOT_IDS: readonly (readonly [name: string, bytes: 16 | 32, text: string])[] = [
  ['empty', 16, ''],
  ['one character short', 16, 'A'.repeat(21)],
  ['one character long', 16, 'A'.repeat(23)],
  ['a 32-byte id where 16 bytes are expected', 16, 'A'.repeat(43)],
  ['bits beyond the last byte', 16, `${'A'.repeat(21)}B`],
  ['bits beyond the last byte', 32, `${'A'.repeat(42)}B`],
  ['padding', 16, `${'A'.repeat(22)}==`],
  ['the standard alphabet', 32, `${'+/'.repeat(21)}8`],
  ['a line break', 32, `${'A'.repeat(43)}\n`],
]

/** 16 and 32 bytes as text: base64url without padding (RFC 4648 section 5), in its one canonical spelling. */
export function ids(): VectorFile {
  return {
    about: 'The text form of ids, keys and hashes, and text that is none.',
    entries: [
      ...BYTES.map((bytes) => ({ kind: 'id', bytes: hex(bytes), text: bytes.toString('base64url') })),
      ...NOT_IDS.map(([name, bytes, text]) => ({ kind: 'not-an-id', name, bytes, text })),
    ],
  }
}

const TYPED: readonly string[] = [
  'alice',
  'Alice',
  ' ALICE ',
  'a',
  '7',
  'a.b_c-d',
  'a--b',
  '0.0',
  'x'.repeat(32),
  'x'.repeat(33),
  '',
  ' ',
  '.alice',
  'alice.',
  '-alice',
  'alice-',
  '_',
  'al ice',
  'al/ice',
  'alice@example',
  'älice',
  'аlice',
  'ａlice',
  'ali\u0000ce',
  'ali\u200bce',
  '\u00a0alice',
  '\u212aelvin',
  'İstanbul',
]

/** What a person typed, and the name it folds to; null when it cannot be one. */
export function names(): VectorFile {
  return {
    about: 'What was typed, and the name it folds to; null when it is none.',
    entries: TYPED.map((typed) => ({ kind: 'name', typed, name: foldName(typed) ?? null })),
  }
}
