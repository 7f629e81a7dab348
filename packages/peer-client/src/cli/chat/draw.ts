// The whole screen for a state: the same state gives the same screen.
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { wrap } from '@parley/shared/terminal/text-width.ts'
import { span as timeSpan } from '@parley/shared/terminal/times.ts'
import { drawLayer } from './draw-layer.ts'
import { drawList } from './draw-list.ts'
import { type BoxRows, type Layout, layoutOf, MIN_COLUMNS, MIN_ROWS, PROMPT, shownRows } from './layout.ts'
import { BLANK, fitted, type Line, type Look, span, spread } from './lines.ts'
import { type ChatState, conversationOf, threadOf } from './state.ts'

export interface Frame {
  /** Empty where only what is below is drawn. */
  readonly bar: Line
  readonly list: readonly Line[]
  readonly main: readonly Line[]
  readonly foot: Line
  readonly listColumns: number
  readonly mainColumns: number
  /** Where one types, from the top left corner of the screen. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined
}

export function draw(state: ChatState, look: Look): Frame {
  const { columns, rows } = state
  if (columns < MIN_COLUMNS || rows < MIN_ROWS) return tooSmall(state, look)
  const layout = layoutOf(state, look)
  const { listColumns, mainColumns } = layout
  const main = mainColumns === 0 ? { lines: [], cursor: undefined } : drawMain(state, layout, look)
  const left = listColumns === 0 || mainColumns === 0 ? 0 : listColumns + 1
  return {
    bar: fitted(bar(state, look), columns, look),
    list: listColumns === 0 ? [] : drawList(state, listColumns, layout.bodyRows, look),
    main: main.lines.slice(0, layout.bodyRows).map((line) => fitted(line, mainColumns, look)),
    foot: fitted(foot(state, look), columns, look),
    listColumns,
    mainColumns,
    cursor: main.cursor && { x: left + main.cursor.x, y: 1 + main.cursor.y },
  }
}

function tooSmall({ columns, rows }: ChatState, look: Look): Frame {
  const line = fitted([span(`Too small: at least ${MIN_COLUMNS} columns and ${MIN_ROWS} rows`)], columns, look)
  const main = rows > 1 ? [line] : []
  return { bar: BLANK, list: [], main, foot: BLANK, listColumns: 0, mainColumns: columns, cursor: undefined }
}

function bar(state: ChatState, look: Look): Line {
  const { status, columns } = state
  const name = status === undefined ? 'Parley' : printable(status.name)
  const [words, style] = standing(state)
  return fitted(spread([span(` ${name}`, 'bold')], [span(`${words} `, style)], columns), columns, look)
}

function standing({ line, status, now }: ChatState): [string, 'dim' | 'yellow'] {
  if (line === 'connecting') return ['looking for your peer', 'dim']
  if (line === 'lost' || status === undefined) return ['your peer does not answer', 'yellow']
  const { directory } = status
  switch (directory.state) {
    case 'none':
      return ['no directory', 'dim']
    case 'online':
      return ['online at the directory', 'dim']
    case 'connecting':
      return ['connecting to the directory', 'dim']
    case 'waiting':
      return [`directory not reached, next try in ${timeSpan(directory.until - now)}`, 'yellow']
  }
}

function foot(state: ChatState, look: Look): Line {
  const { notice, line } = state
  if (notice !== undefined) return [span(` ${printable(notice.text)}`, notice.isTrouble ? 'yellow' : 'bold')]
  if (line === 'lost') {
    return [span(' What you write waits here until your peer is back. Start it: parley start', 'yellow')]
  }
  return [span(` ${keyHints(state, look).join('  ')}`, 'dim')]
}

function keyHints({ layer, focus, open }: ChatState, { isUtf8 }: Look): string[] {
  const arrows = isUtf8 ? '↑↓' : 'Up Down'
  switch (layer?.type) {
    case 'keys':
      return ['Esc back']
    case 'palette':
      return [`${arrows} choose`, 'Enter open', 'Esc back']
    case 'react':
      return [`${arrows} choose`, 'Enter react', 'Esc back']
    case 'search':
      return [
        `${arrows} choose`,
        'Enter go there',
        ...(open === undefined ? [] : ['Tab here or everywhere']),
        'Esc back',
      ]
    case 'why':
      return [`${arrows} read on`, 'Esc back']
    case 'nickname':
      return ['Enter keep it', 'Esc back']
    case 'trust':
    case 'block':
    case 'delete':
      return ['Esc decides nothing']
    case undefined:
  }
  switch (focus) {
    case 'list':
      return [`${arrows} choose`, 'Enter open', 'Ctrl-K find people', '? keys', 'Ctrl-C quit']
    case 'messages':
      return [`${arrows} choose`, 'r answer', '+ react', 'w why', 'e edit', 'c cancel', 'd delete', 'h hide', '? keys']
    case 'box':
      return ['Enter send', 'Tab messages', 'Ctrl-K go to', 'Ctrl-F search', '? keys', 'Ctrl-C quit']
  }
}

interface Main {
  readonly lines: readonly Line[]
  readonly cursor: { readonly x: number; readonly y: number } | undefined
}

function drawMain(state: ChatState, layout: Layout, look: Look): Main {
  if (state.layer !== undefined) return drawLayer(state, layout, look)
  if (state.open === undefined) return { lines: welcome(state), cursor: undefined }
  const { mainColumns: width, messageRows, remarks, box } = layout
  const rule = [span((look.isUtf8 ? '─' : '-').repeat(width), 'dim')] as const
  const shown = shownRows(state, look, layout)
  const isUpToNow = threadOf(state, state.open.account).newer === undefined
  const lines = [
    head(state, width),
    rule,
    ...messages(state, shown, { width, height: messageRows }, look),
    ...remarks,
    isUpToNow && shown.below === 0 ? rule : belowLine(isUpToNow ? shown.below : undefined, width, look),
    ...boxLines(state, box),
  ]
  const y = lines.length - box.rows.length + box.y
  return { lines, cursor: state.focus === 'box' ? { x: PROMPT.length + box.x, y } : undefined }
}

function welcome({ hasConversations, conversations, status }: ChatState): Line[] {
  if (!hasConversations) return [BLANK, [span('  One moment.', 'dim')]]
  if (conversations.length > 0) return [BLANK, [span('  Choose a conversation, or type a name.')]]
  const name = status === undefined ? '' : printable(status.name)
  return [
    BLANK,
    [span(`  Welcome, ${name}.`, 'bold')],
    BLANK,
    [span('  Type the name of somebody and press Enter.')],
    [span('  What you write goes from this machine to theirs,')],
    [span('  and waits here while they are offline.')],
    BLANK,
    [span(`  Others find you as ${name}.`, 'dim')],
  ]
}

function head(state: ChatState, width: number): Line {
  const { open } = state
  const one = conversationOf(state, open?.account)
  const name = printable(one?.name ?? open?.name ?? '')
  const isWriting = (state.writing.get(open?.account ?? '') ?? 0) > state.now
  const where = one === undefined || state.line === 'lost' ? '' : isWriting ? 'is writing' : whereabouts(one)
  const words = [
    ...(one !== undefined && !one.isNameVerified ? ['says so itself'] : []),
    ...(one?.verification === 'verified' ? ['verified'] : []),
  ]
  const left = [span(` ${name}`, 'bold'), span(`  ${where}`, where === 'connected' ? 'green' : 'dim')]
  return spread(left, [span(`${words.join(', ')} `, 'dim')], width)
}

function whereabouts({ isConnected, presence }: ConversationInfo): string {
  if (isConnected) return 'connected'
  return presence === 'unknown' ? '' : presence
}

function messages(
  state: ChatState,
  { rows, top }: ReturnType<typeof shownRows>,
  { width, height }: { readonly width: number; readonly height: number },
  look: Look,
): readonly Line[] {
  const thread = threadOf(state, state.open?.account)
  if (rows.length === 0) {
    const words = thread.isLoaded
      ? 'This is the beginning. What you write is sealed on this machine, and only theirs can open it.'
      : 'One moment.'
    const lines = wrap(words, Math.max(1, width - 3)).map((line): Line => [span(`   ${line}`, 'dim')])
    return [...Array.from({ length: Math.max(0, height - lines.length) }, () => BLANK), ...lines].slice(-height)
  }
  const visible = rows.slice(top, top + height)
  const lines = visible.map(({ line, id, row }): Line => {
    const isChosen = id !== undefined && id === state.selected && state.focus === 'messages'
    return isChosen ? chosen(line, row, look) : line
  })
  const filling = Array.from({ length: height - lines.length }, () => BLANK)
  return [...filling, ...lines]
}

/** With the mark of what is chosen in its margin. */
function chosen(line: Line, row: number, { isUtf8 }: Look): Line {
  const [first, ...rest] = line
  if (first === undefined) return line
  const mark = row === 0 ? (isUtf8 ? '›' : '>') : isUtf8 ? '│' : '|'
  return [span(mark, 'cyan'), span(first.text.slice(1), first.style), ...rest]
}

/** Undefined: nobody has counted them. */
function belowLine(below: number | undefined, width: number, { isUtf8 }: Look): Line {
  const dash = isUtf8 ? '─' : '-'
  const words =
    below === undefined ? ' newer messages below: End ' : ` ${below} more ${below === 1 ? 'row' : 'rows'} below: End `
  return [
    span(dash.repeat(2), 'dim'),
    span(words, 'cyan'),
    span(dash.repeat(Math.max(0, width - words.length - 2)), 'dim'),
  ]
}

function boxLines({ focus }: ChatState, { rows }: BoxRows): Line[] {
  return rows.map((text, row) => [
    span(row === 0 ? PROMPT : ' '.repeat(PROMPT.length), focus === 'box' ? 'cyan' : 'dim'),
    span(text),
  ])
}
