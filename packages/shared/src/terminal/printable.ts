// Names, texts and addresses come from others, and a terminal obeys what it is sent: colours, titles, the clipboard, the cursor,
// and the order in which letters stand. So whatever has no shape of its own is written out.

// Controls, format characters, line and paragraph separators, lone surrogates and what is not assigned. Two joiners stay, which
// Persian, Indic scripts and emoji are written with, and so do the format characters that are visible signs of Arabic.
const SHAPELESS = /(?!\u200c|\u200d|[\u0600-\u0605\u06dd\u08e2])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}]/gu

/** The text on one line, with nothing in it that a terminal would act on. */
export function printable(text: string): string {
  return text.replace(SHAPELESS, writeOut)
}

/** The same, but the lines of the text stay lines, and a tab is four spaces. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '    ')))
}

// JSON escapes controls by itself, which does not help whoever decodes the line to show it. An even number of backslashes before
// an escape means nothing to it; after an odd one it is text.
const ESCAPED = /(?<!\\)((?:\\\\)*)(\\u[0-9a-f]{4}|\\[bfr])/gi

/**
 * A line of JSON as it may go to a log: its strings hold nothing that a terminal would act on, before and after they are decoded.
 * Line breaks inside of them stay, for stack traces.
 */
export function printableJson(line: string): string {
  const isEnded = line.endsWith('\n')
  const text = isEnded ? line.slice(0, -1) : line
  const escaped = text.replace(ESCAPED, (whole, before: string, sequence: string) => {
    const char: unknown = JSON.parse(`"${sequence}"`)
    return typeof char === 'string' && printable(char) !== char ? `${before}\\${printable(char)}` : whole
  })
  return escaped.replace(SHAPELESS, (char) => `\\${writeOut(char)}`) + (isEnded ? '\n' : '')
}

function writeOut(char: string): string {
  if (char === '\n') return String.raw`\n`
  if (char === '\r') return String.raw`\r`
  if (char === '\t') return String.raw`\t`
  const code = (char.codePointAt(0) ?? 0).toString(16)
  return code.length <= 2 ? String.raw`\x${code.padStart(2, '0')}` : String.raw`\u{${code}}`
}
