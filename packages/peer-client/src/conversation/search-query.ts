// What is looked for: words and "phrases", as rows of words of the index. Whatever else stands there means nothing, so nothing of
// it reaches FTS5's own language.
import { MAX_SEARCH_TERMS, MAX_SNIPPET_CHARS, MIN_SEARCH_PREFIX_CHARS } from '@parley/shared/limits.ts'
import type { Snippet } from '@parley/shared/local-api/search.ts'
import { isSingleCharacter, type Word, wordsOf } from '#store/search-words.ts'

/** Words that follow one another; of the last one, perhaps only the beginning. */
export interface Term {
  readonly words: readonly string[]
  readonly isBeginning: boolean
}

interface Range {
  readonly from: number
  readonly to: number
}

/** Of what is marked, so much of the text is shown before it. */
const LEAD_CHARS = 48
/** How far a snippet may be cut shorter, so that it begins and ends between words. */
const SNAP_CHARS = 24

/** Nothing, when there is no word in it. At most MAX_SEARCH_TERMS; what is beyond is not looked for. */
export function readTerms(query: string): Term[] {
  const pieces = [...query.replaceAll(/[“”„]/g, '"').matchAll(/"([^"]*)("?)|[^\s"]+/g)]
  const terms: Term[] = []
  for (const [at, { 0: piece, 1: phrase, 2: closing }] of pieces.entries()) {
    const words = wordsOf(phrase ?? piece).map(({ word }) => word)
    const last = words.at(-1)
    if (last === undefined) continue
    // Somebody may still be typing the last word; not after a space, nor behind the closing quotation mark.
    const isOpen = at === pieces.length - 1 && closing !== '"' && !/\s$/.test(query)
    const isBeginning = isOpen && last.length >= MIN_SEARCH_PREFIX_CHARS && !isSingleCharacter(last)
    terms.push({ words, isBeginning })
  }
  return terms.slice(0, MAX_SEARCH_TERMS)
}

/** For FTS5: all terms, in one of these streams if any are given. Words hold letters, digits and marks only. */
export function expressionOf(terms: readonly Term[], streams: readonly number[] | undefined): string {
  const texts = terms.map(({ words, isBeginning }) => `"${words.join(' ')}"${isBeginning ? ' *' : ''}`)
  const text = `{text} : (${texts.join(' AND ')})`
  return streams === undefined ? text : `${text} AND {stream} : (${streams.map((id) => `"${id}"`).join(' OR ')})`
}

/** Where the terms stand in the text, in order, none overlapping; nothing when one of them does not. */
export function marksOf(text: string, terms: readonly Term[]): Range[] {
  const words = wordsOf(text)
  const ranges: Range[] = []
  for (const term of terms) {
    const found = placesOf(words, term)
    if (found.length === 0) return []
    ranges.push(...found)
  }
  return united(ranges.toSorted((a, b) => a.from - b.from))
}

function placesOf(words: readonly Word[], { words: wanted, isBeginning }: Term): Range[] {
  const places: Range[] = []
  for (let first = 0; first + wanted.length <= words.length; first += 1) {
    const isHere = wanted.every((one, at) => {
      const word = words[first + at]?.word
      return word === one || (isBeginning && at === wanted.length - 1 && word?.startsWith(one) === true)
    })
    const [from, to] = [words[first]?.from, words[first + wanted.length - 1]?.to]
    if (isHere && from !== undefined && to !== undefined) places.push({ from, to })
  }
  return places
}

function united(ranges: readonly Range[]): Range[] {
  const result: { from: number; to: number }[] = []
  for (const { from, to } of ranges) {
    const last = result.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else result.push({ from, to })
  }
  return result
}

/** The part of the text that begins a little before the first mark. */
export function snippetOf(text: string, marks: readonly Range[]): Snippet {
  const first = marks[0]?.from ?? 0
  const most = text.length - MAX_SNIPPET_CHARS
  const from = most <= 0 ? 0 : snapForwards(text, Math.min(Math.max(0, first - LEAD_CHARS), most), first)
  const to = snapBackwards(text, from, Math.min(text.length, from + MAX_SNIPPET_CHARS))
  return {
    text: text.slice(from, to),
    marks: marks
      .filter((mark) => mark.from < to && mark.to > from)
      .map((mark) => ({ from: Math.max(mark.from, from) - from, to: Math.min(mark.to, to) - from })),
    isCutBefore: from > 0,
    isCutAfter: to < text.length,
  }
}

/** The beginning of a word from `at` on, if there is one soon and before `most`; in no case the middle of a character. */
function snapForwards(text: string, at: number, most: number): number {
  if (at === 0) return 0
  const space = text.slice(at, Math.min(at + SNAP_CHARS, most)).search(/\s\S/)
  return space === -1 ? at + Number(isInside(text, at)) : at + space + 1
}

function snapBackwards(text: string, from: number, at: number): number {
  if (at === text.length) return at
  const space = /\s\S*$/.exec(text.slice(Math.max(from, at - SNAP_CHARS), at))?.[0].length
  return space === undefined ? at - Number(isInside(text, at)) : at - space
}

/** Between the two halves of a character. */
function isInside(text: string, at: number): boolean {
  return /^[\udc00-\udfff]/.test(text.slice(at, at + 1)) && /[\ud800-\udbff]$/.test(text.slice(at - 1, at))
}
