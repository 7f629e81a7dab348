// A box to type in: a text and a place in it. The place never stands inside of what a reader takes for one character.

export interface TextBox {
  readonly text: string
  /** In UTF-16 units, from 0 to the length of the text. */
  readonly at: number
}

export const EMPTY_BOX: TextBox = { text: '', at: 0 }

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

export function boxWith(text: string): TextBox {
  return { text, at: text.length }
}

export function insert({ text, at }: TextBox, piece: string): TextBox {
  return { text: text.slice(0, at) + piece + text.slice(at), at: at + piece.length }
}

export function left({ text, at }: TextBox): TextBox {
  return { text, at: before(text, at) }
}

export function right({ text, at }: TextBox): TextBox {
  const [next] = graphemes.segment(text.slice(at))
  return { text, at: at + (next?.segment.length ?? 0) }
}

/** To the beginning of the line; of the word before. */
export function toLineStart({ text, at }: TextBox): TextBox {
  return { text, at: text.lastIndexOf('\n', at - 1) + 1 }
}

export function toLineEnd({ text, at }: TextBox): TextBox {
  const end = text.indexOf('\n', at)
  return { text, at: end === -1 ? text.length : end }
}

export function wordLeft({ text, at }: TextBox): TextBox {
  return { text, at: /\S*\s*$/.exec(text.slice(0, at))?.index ?? 0 }
}

export function wordRight({ text, at }: TextBox): TextBox {
  return { text, at: at + (/^\s*\S*/.exec(text.slice(at))?.[0].length ?? 0) }
}

/** Without what stands between the place and the one that `move` would go to. */
export function removeTo(box: TextBox, move: (box: TextBox) => TextBox): TextBox {
  const to = move(box).at
  const [from, end] = to < box.at ? [to, box.at] : [box.at, to]
  return { text: box.text.slice(0, from) + box.text.slice(end), at: from }
}

function before(text: string, at: number): number {
  let place = 0
  for (const { index } of graphemes.segment(text.slice(0, at))) place = index
  return place
}
