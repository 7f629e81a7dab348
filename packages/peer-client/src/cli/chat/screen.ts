// The one file that knows ink. Types are stripped by Node, which reads no JSX, so elements are made by hand.
import type { Style } from '@parley/shared/terminal/terminal.ts'
import { Box, type Instance, render, Text, type TextProps, useCursor, useInput, usePaste, useWindowSize } from 'ink'
import { createElement as h, type ReactNode, useEffect, useSyncExternalStore } from 'react'
import type { Chat } from './chat.ts'
import { draw } from './draw.ts'
import { happeningsOf, pasted } from './input.ts'
import type { Line, Look } from './lines.ts'

export interface ScreenOptions {
  readonly chat: Chat
  readonly look: Look
  readonly hasColour: boolean
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** The chat on the whole terminal, which `unmount` gives back as it was. */
export function showScreen({ chat, look, hasColour, stdin, stdout }: ScreenOptions): Instance & { redraw(): void } {
  // The other screen begins where the cursor is on this one, and the first line at its left edge.
  stdout.write('\r')
  const instance = render(h(Screen, { chat, look, hasColour }), {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    // Also under CI: whether there is a terminal was found out before.
    interactive: true,
    // Ctrl-C is a key like the others, and what is not sent is kept.
    exitOnCtrlC: false,
    // Nothing here prints by itself; an error that ends the program is to be seen after the screen is given back.
    patchConsole: false,
  })
  const redraw = () => {
    instance.clear()
    instance.rerender(h(Screen, { chat, look, hasColour }))
  }
  return { ...instance, redraw }
}

function Screen({ chat, look, hasColour }: Pick<ScreenOptions, 'chat' | 'look' | 'hasColour'>): ReactNode {
  const { columns, rows } = useWindowSize()
  const { setCursorPosition } = useCursor()
  const state = useSyncExternalStore(chat.watch, chat.state)
  useEffect(() => chat.tell({ type: 'size', columns, rows }), [chat, columns, rows])
  useInput((input, key) => {
    for (const happening of happeningsOf(input, key)) chat.tell(happening)
  })
  usePaste((text) => {
    for (const happening of pasted(text)) chat.tell(happening)
  })
  const frame = draw({ ...state, columns, rows }, look)
  setCursorPosition(frame.cursor)
  const lines = (all: readonly Line[]) => all.map((line, row) => h(Row, { key: row, line, hasColour }))
  const height = Math.max(0, rows - 2)
  const column = { flexDirection: 'column', height, flexShrink: 0, overflow: 'hidden' } as const
  const hasBoth = frame.listColumns > 0 && frame.mainColumns > 0
  const border = Array.from({ length: height }, () => [{ text: look.isUtf8 ? '│' : '|', style: 'dim' as const }])
  return h(
    Box,
    { flexDirection: 'column', width: columns, height: rows, overflow: 'hidden' },
    h(Row, { line: frame.bar, hasColour }),
    h(
      Box,
      { height, width: columns },
      frame.listColumns > 0 && h(Box, { ...column, width: frame.listColumns }, ...lines(frame.list)),
      hasBoth && h(Box, { ...column, width: 1 }, ...lines(border)),
      frame.mainColumns > 0 && h(Box, { ...column, width: frame.mainColumns }, ...lines(frame.main)),
    ),
    h(Row, { line: frame.foot, hasColour }),
  )
}

function Row({ line, hasColour }: { readonly line: Line; readonly hasColour: boolean }): ReactNode {
  // A row without a text has no height.
  if (line.every(({ text }) => text === '')) return h(Text, null, ' ')
  const spans = line.map(({ text, style }, at) =>
    h(Text, { key: at, ...(hasColour && style !== undefined ? STYLES[style] : {}) }, text),
  )
  return h(Text, { wrap: 'truncate-end' }, ...spans)
}

const STYLES: Readonly<Record<Style, Partial<TextProps>>> = {
  bold: { bold: true },
  dim: { dimColor: true },
  red: { color: 'red' },
  green: { color: 'green' },
  yellow: { color: 'yellow' },
  blue: { color: 'blue' },
  magenta: { color: 'magenta' },
  cyan: { color: 'cyan' },
  paper: { color: 'black', backgroundColor: 'whiteBright' },
}
