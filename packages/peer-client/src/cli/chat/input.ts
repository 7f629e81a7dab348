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
    .split(/([\r\n])/)
    .filter((part) => part !== '')
    .flatMap((part): Happening[] => {
      if (part === '\r') return [asKey({ name: 'enter', ctrl: false, alt: false })]
      if (part === '\n') return [asKey({ name: 'letter-j', ctrl: true, alt: false })]
      return pasted(part)
    })
}

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
