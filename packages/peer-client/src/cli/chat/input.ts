// What a terminal sent, as keys and texts of ours.
import type { Key as InkKey } from 'ink'
import type { Happening, Key, KeyName } from './happening.ts'

const NAMES = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const satisfies readonly (readonly [keyof InkKey, KeyName])[]

/** One press; or several, where they came faster than they were read. */
export function happeningsOf(input: string, pressed: InkKey): Happening[] {
  const { ctrl, meta: alt } = pressed
  const [, name] = NAMES.find(([flag]) => pressed[flag]) ?? []
  if (name !== undefined) return [asKey({ name, ctrl, alt })]
  if (input === '') return []
  if (ctrl || alt) return [asKey({ name: `letter-${input}`, ctrl, alt })]
  return input
    .split(/(\p{Cc})/u)
    .filter((part) => part !== '')
    .flatMap(keyOrText)
}

function keyOrText(part: string): Happening[] {
  if (part === '\r') return [asKey({ name: 'enter', ctrl: false, alt: false })]
  if (part === '\t') return [asKey({ name: 'tab', ctrl: false, alt: false })]
  // A letter held with Ctrl is sent as its place in the alphabet.
  const place = part.charCodeAt(0)
  if (place > 0 && place <= LETTERS.length)
    return [asKey({ name: `letter-${LETTERS.charAt(place - 1)}`, ctrl: true, alt: false })]
  return pasted(part)
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** In one piece, with its line breaks; what has no shape is left out. */
export function pasted(text: string): Happening[] {
  const clean = text.replaceAll(/\r\n?/g, '\n').replaceAll(SHAPELESS, '').toWellFormed()
  return clean === '' ? [] : [{ type: 'text', text: clean }]
}

// Nobody means to write controls; a tab and a line break they do.
const SHAPELESS = /(?![\t\n])\p{Cc}/gu

function asKey(key: Key): Happening {
  return { type: 'key', key }
}
