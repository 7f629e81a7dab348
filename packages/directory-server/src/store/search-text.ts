// How texts are compared in a search. Text is folded when it is stored and when it is asked for, and then compared as it is.
import { MAX_INDEXED_WORD_CHARS, MAX_INDEXED_WORDS } from '@parley/shared/limits.ts'

const DIACRITICS = /[\u0300-\u036f]/g
const SPACES_AND_CONTROLS = /[\s\p{Cc}]+/gu
const WORD = /[\p{L}\p{N}\p{M}]+/gu
/** Scripts that put no space between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

export const GRAM_CHARS = 3
const MAX_GRAMS = 8

/** Compatibility forms (NFKC), case, accents and kinds of space mean nothing: `Zoë`, `ＺＯＥ` and `zoe` are one text. */
export function foldText(text: string): string {
  const bare = text.toWellFormed().normalize('NFKD').replace(DIACRITICS, '')
  // Upper case first, because it is what unites ß with ss and ς with σ (Unicode, SpecialCasing.txt).
  const folded = bare.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
  return folded.replace(SPACES_AND_CONTROLS, ' ').trim()
}

/** The words of folded text, each once; of scripts without spaces, what begins at each character. */
export function wordsOf(folded: string): Set<string> {
  const words = new Set<string>()
  for (const [word] of folded.matchAll(WORD)) {
    if (words.size >= MAX_INDEXED_WORDS) break
    words.add(head(word))
    if (UNSPACED.test(word)) addTails(word, words)
  }
  return words
}

export function isOneWord(folded: string): boolean {
  return folded.match(WORD)?.[0] === folded && folded.length <= MAX_INDEXED_WORD_CHARS
}

/** Whether a word of `text` begins at a place where `part` is found. */
export function hasWordBeginning(text: string, part: string): boolean {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}\p{M}]$/u.test(text.slice(0, at))) return true
  }
  return false
}

/**
 * Some of the three characters in a row that a folded text has: whatever contains the text contains all of them. Of shorter text
 * none. Every second one, and no more than a few: each costs a walk over its list, and what they let through is looked at anyway.
 */
export function gramsOf(folded: string): string[] {
  const chars = Array.from(folded)
  const last = chars.length - GRAM_CHARS
  if (last < 0) return []
  const count = Math.min(MAX_GRAMS, Math.ceil(last / 2) + 1)
  const places = Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : Math.round((index * last) / (count - 1)),
  )
  return [...new Set(places.map((at) => chars.slice(at, at + GRAM_CHARS).join('')))]
}

function addTails(word: string, words: Set<string>): void {
  const chars = Array.from(word)
  for (let from = 1; from < chars.length && words.size < MAX_INDEXED_WORDS; from++) {
    words.add(head(chars.slice(from).join('')))
  }
}

function head(word: string): string {
  return Array.from(word).slice(0, MAX_INDEXED_WORD_CHARS).join('')
}
