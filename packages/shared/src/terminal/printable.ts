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

function writeOut(char: string): string {
  if (char === '\n') return String.raw`\n`
  if (char === '\r') return String.raw`\r`
  if (char === '\t') return String.raw`\t`
  const code = (char.codePointAt(0) ?? 0).toString(16)
  return code.length <= 2 ? String.raw`\x${code.padStart(2, '0')}` : String.raw`\u{${code}}`
}
