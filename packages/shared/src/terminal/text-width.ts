// How many columns of a terminal a text takes, and where it breaks. Text here is printable already.

/** Latin, Greek and Cyrillic letters and what stands between them: each takes one column, and none joins with another of them. */
const PLAIN = /^[\x20-\x7e\xa1-\u02ff\u0370-\u0482\u048a-\u052f]*$/
const INVISIBLE = /^[\p{Mn}\p{Me}\u200c\u200d]+$/u
/** Emoji, and the blocks that Unicode's EastAsianWidth calls wide or fullwidth. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u

let segmenter: Intl.Segmenter | undefined

/** What a reader takes for one character each. */
function graphemesOf(text: string): Iterable<{ readonly segment: string }> {
  // Made when it is needed first: that takes as long as everything else of a short command, and most texts are plain.
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment)
  return width
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0
  return WIDE.test(grapheme) ? 2 : 1
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** At least one line, each at most so wide: broken at spaces where there are any, else anywhere between two characters. */
export function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  let used = 0
  const endLine = () => {
    if (line.trim() !== '') lines.push(line.trimEnd())
    line = ''
    used = 0
  }
  for (const word of text.split(/(?<= )/)) {
    const wordWidth = widthOf(word)
    if (used + wordWidth - (word.endsWith(' ') ? 1 : 0) <= width) {
      line += word
      used += wordWidth
      continue
    }
    endLine()
    for (const { segment } of graphemesOf(word)) {
      const segmentWidth = graphemeWidth(segment)
      if (used + segmentWidth > width && line !== '' && segment !== ' ') endLine()
      line += segment
      used += segmentWidth
    }
  }
  endLine()
  return lines.length === 0 ? [''] : lines
}

/** The text, or as much of it as fits, with a sign that there was more. */
export function shorten(text: string, width: number, more: string): string {
  if (widthOf(text) <= width) return text
  const room = width - widthOf(more)
  let short = ''
  let used = 0
  for (const { segment } of graphemesOf(text)) {
    used += graphemeWidth(segment)
    if (used > room) break
    short += segment
  }
  return short + more
}
