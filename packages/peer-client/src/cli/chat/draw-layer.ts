// What lies on top of the conversation, in its place.
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { shorten, wrap } from '@parley/shared/terminal/text-width.ts'
import { stateWords } from '../message-words.ts'
import { drawPalette, drawReact } from './draw-choices.ts'
import { drawSearch } from './draw-search.ts'
import { trustLines } from './draw-trust.ts'
import { drawWhy } from './draw-why.ts'
import { KEY_ROWS } from './key-rows.ts'
import { type Drawn, still, typing } from './layer-lines.ts'
import type { Layout } from './layout.ts'
import { BLANK, type Line, type Look, paragraph, span } from './lines.ts'
import type { ChatState, Layer, Partner } from './state.ts'

const QUOTED_ROWS = 3

export function drawLayer(state: ChatState, { mainColumns: width, bodyRows: height }: Layout, look: Look): Drawn {
  const { layer } = state
  switch (layer?.type) {
    case 'keys':
      return still('Keys', keyLines(width, look), width, height, look)
    case 'palette':
      return drawPalette(state, layer, width, height, look)
    case 'react':
      return drawReact(layer, width, height, look)
    case 'search':
      return drawSearch(state, layer, width, height, look)
    case 'why':
      return drawWhy(state, layer, width, height, look)
    case 'trust':
      return still(
        `The key of ${printable(layer.partner.name)}`,
        trustLines(layer, width, state.now),
        width,
        height,
        look,
      )
    case 'nickname': {
      const lines = nicknameLines(state, layer.partner, width)
      const title = `What ${printable(layer.partner.name)} is called here`
      return typing(title, layer.box, { lines, chosen: 0, each: 1, none: [BLANK] }, width, height, look)
    }
    case 'block': {
      const name = printable(layer.partner.name)
      return still(`Block ${name}?`, blockLines(name, width), width, height, look)
    }
    case 'delete':
      return still(
        layer.isHereOnly ? 'Hide this message?' : 'Delete this message?',
        deleteLines(layer, width),
        width,
        height,
        look,
      )
    case undefined:
      return { lines: [], cursor: undefined }
  }
}

function nicknameLines({ contacts }: ChatState, { account }: Partner, width: number): Line[] {
  const publicName = contacts.get(account)?.publicName
  return [
    ...paragraph('Only you see it. Enter keeps it, Esc leaves all as it was, empty takes it away.', width, 'dim'),
    ...(publicName === undefined ? [] : paragraph(`Others know them as ${publicName}.`, width, 'dim')),
  ]
}

function blockLines(name: string, width: number): Line[] {
  return [
    ...paragraph(
      `Nothing from ${name} is taken and nothing goes there until you unblock them; what was said stays, and what waits keeps waiting.`,
      width,
    ),
    BLANK,
    ...paragraph('y blocks, any other key does not.', width, 'bold'),
  ]
}

function deleteLines({ message, isHereOnly }: Extract<Layer, { type: 'delete' }>, width: number): Line[] {
  const isHere = message.state === 'queued'
  return [
    ...printableLines(message.text)
      .slice(0, QUOTED_ROWS)
      .map((line): Line => [span('   '), span(shorten(line, width - 4, '~'), 'dim')]),
    BLANK,
    ...paragraph(
      isHereOnly
        ? 'It is shown no more on this device. The other side keeps it.'
        : isHere
          ? 'It has not left this machine: nobody ever sees it.'
          : `${printable(message.with)} is asked to show it no more. Whoever read it has read it.`,
      width,
    ),
    BLANK,
    ...paragraph(
      isHereOnly ? 'y hides it, any other key keeps it.' : 'y deletes it, any other key keeps it.',
      width,
      'bold',
    ),
  ]
}

const MIN_MEANING_COLUMNS = 16

function keyLines(width: number, { isUtf8 }: Look): Line[] {
  const wide = Math.max(...KEY_ROWS.map(([keys]) => keys.length))
  const shapes = ['queued', 'sent', 'delivered', 'read'] as const
  const states = shapes.map((state) => {
    const words = stateWords({ isUtf8 }, { state })
    return words?.text ?? ''
  })
  return [
    ...KEY_ROWS.flatMap(([keys, meaning]) =>
      wrap(meaning, Math.max(MIN_MEANING_COLUMNS, width - wide - 3)).map(
        (line, row): Line => [span(` ${(row === 0 ? keys : '').padEnd(wide)}  `, 'cyan'), span(line)],
      ),
    ),
    [span(` ${states.join('  ')}`, 'dim')],
  ]
}
