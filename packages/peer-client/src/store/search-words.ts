// How a text becomes the words that the index holds. The same code reads what is looked for and finds it again in a text, so all
// three agree. A word is what letters, digits and their marks make up, without case and accents. Scripts that put no spaces
// between words (Chinese, Japanese, Thai, …) and Korean, whose words carry endings, are taken character by character: there a
// word that is looked for is a row of characters, wherever it stands. An emoji is a word too.
import { MAX_SEARCH_WORD_CHARS } from '@parley/shared/limits.ts'

export interface Word {
  readonly word: string
  /** Where it stands in the text, in UTF-16 code units, the end excluded. */
  readonly from: number
  readonly to: number
}

const BY_CHARACTER =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'
const PIECE = new RegExp(
  `[${BY_CHARACTER}]\\p{M}*|[[\\p{L}\\p{N}\\p{M}]--[${BY_CHARACTER}]]+|\\p{Extended_Pictographic}`,
  'gv',
)
const SINGLE = new RegExp(`^(?:[${BY_CHARACTER}]|\\p{Extended_Pictographic})`, 'v')
const ASCII = /^[\0-\x7f]*$/
const ASCII_PIECE = /[A-Za-z0-9]+/g
/** Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and what only chooses a glyph. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f]|\u0640|\u0670|[\ufe00-\ufe0f]/g
const NO_PART_OF_A_WORD = /[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}]/gu

/** In order; none overlap. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  const isAscii = ASCII.test(text)
  for (const { 0: piece, index } of text.matchAll(isAscii ? ASCII_PIECE : PIECE)) {
    const word = isAscii ? piece.toLowerCase() : fold(piece)
    if (word !== '') words.push({ word: word.slice(0, MAX_SEARCH_WORD_CHARS), from: index, to: index + piece.length })
  }
  return words
}

/** What the index is given for a text; '' when it holds no word. */
export function indexTextOf(text: string): string {
  return wordsOf(text)
    .map(({ word }) => word)
    .join(' ')
}

/** Whether the beginning of the word is a whole word already. */
export function isSingleCharacter(word: string): boolean {
  return SINGLE.test(word)
}

function fold(piece: string): string {
  if (ASCII.test(piece)) return piece.toLowerCase()
  const bare = piece.normalize('NFKD').replace(ACCENTS, '').normalize('NFC')
  // By way of capitals: ß and ss, ς and σ, ı and i are the same to who looks for them.
  return bare.toUpperCase().toLowerCase().replaceAll('ς', 'σ').replace(NO_PART_OF_A_WORD, '')
}
