// Where things are on the screen. One row for the bar at the top and one for the keys at the bottom; between them, left, the list,
// and right the conversation: its head, its messages, what there is to say about it, and the box.
import { printable } from '@parley/shared/terminal/printable.ts'
import { widthOf } from '@parley/shared/terminal/text-width.ts'
import type { Line, Look } from './lines.ts'
import { remarksOf } from './remarks.ts'
import { boxOf, type ChatState, threadOf } from './state.ts'
import type { TextBox } from './text-box.ts'
import { type Row, threadRows } from './thread-rows.ts'

export const MIN_COLUMNS = 32
export const MIN_ROWS = 8
const LIST_COLUMNS = 26
/** Below this there is room for the list or for the conversation. */
const BOTH_COLUMNS = 72
const MAX_BOX_ROWS = 8
export const PROMPT = '> '

export interface Layout {
  /** 0 while it is hidden. */
  readonly listColumns: number
  /** 0 while only the list is shown. */
  readonly mainColumns: number
  /** Between the bar and the keys. */
  readonly bodyRows: number
  readonly remarks: readonly Line[]
  readonly box: BoxRows
  readonly messageRows: number
}

export function layoutOf(state: ChatState, look: Look): Layout {
  const { columns, open, focus, layer } = state
  const bodyRows = Math.max(1, state.rows - 2)
  const hasBoth = columns >= BOTH_COLUMNS
  const isListOnly = !hasBoth && layer === undefined && (open === undefined || focus === 'list')
  const listColumns = hasBoth ? LIST_COLUMNS : isListOnly ? columns : 0
  const mainColumns = hasBoth ? columns - LIST_COLUMNS - 1 : isListOnly ? 0 : columns
  const most = Math.max(1, Math.min(MAX_BOX_ROWS, Math.floor(bodyRows / 3)))
  const box = boxRows(boxOf(state), Math.max(1, mainColumns - PROMPT.length), most)
  // The head and its line, and the line above the box.
  const room = bodyRows - 3 - box.rows.length
  const remarks = remarksOf(state, Math.max(1, mainColumns), look).slice(0, Math.max(0, room - 1))
  const messageRows = Math.max(1, room - remarks.length)
  return { listColumns, mainColumns, bodyRows, remarks, box, messageRows }
}

export interface BoxRows {
  readonly rows: readonly string[]
  /** Where one types, in these rows. */
  readonly x: number
  readonly y: number
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What is typed, broken at the width, at most so many rows of it around the place where one types. */
export function boxRows({ text, at }: TextBox, width: number, most: number): BoxRows {
  const rows = ['']
  let used = 0
  let place = { x: 0, y: 0 }
  for (const { segment, index } of graphemes.segment(text)) {
    const shown = segment === '\t' ? '    ' : printable(segment)
    const columns = segment.endsWith('\n') ? 0 : widthOf(shown)
    if (used + columns > width) {
      rows.push('')
      used = 0
    }
    if (index === at) place = { x: used, y: rows.length - 1 }
    if (segment.endsWith('\n')) {
      rows.push('')
      used = 0
      continue
    }
    rows[rows.length - 1] += shown
    used += columns
  }
  if (at >= text.length) {
    if (used >= width) {
      rows.push('')
      used = 0
    }
    place = { x: used, y: rows.length - 1 }
  }
  const from = Math.max(0, Math.min(place.y - most + 1, rows.length - most))
  const first = Math.min(place.y, from)
  return { rows: rows.slice(first, first + most), x: place.x, y: place.y - first }
}

/** The rows of the open conversation, and which of them are on the screen: from `top`, so many as there is room for. */
export interface Shown {
  readonly rows: readonly Row[]
  readonly top: number
  /** How many are below what is on the screen. */
  readonly below: number
}

export function shownRows(state: ChatState, look: Look, layout = layoutOf(state, look)): Shown {
  const rows = openRows(state, look, layout)
  const height = layout.messageRows
  const last = bottomOf(state, rows)
  const bottom = Math.min(rows.length, Math.max(last + 1, Math.min(height, rows.length)))
  return { rows, top: Math.max(0, bottom - height), below: rows.length - bottom }
}

export function openRows(state: ChatState, look: Look, { mainColumns }: Layout): readonly Row[] {
  const thread = threadOf(state, state.open?.account)
  const isUpToNow = thread.newer === undefined
  const outgoing = state.outgoing.filter(({ partner }) => isUpToNow && partner.account === state.open?.account)
  return threadRows(thread, { width: mainColumns, look, now: state.now, unfolded: state.unfolded, outgoing })
}

/** The index of the row at the bottom. */
function bottomOf({ anchor }: ChatState, rows: readonly Row[]): number {
  if (anchor === undefined) return rows.length - 1
  const first = rows.findIndex(({ id }) => id === anchor.id)
  if (first === -1) return rows.length - 1
  const at = rows.findIndex(({ id, row }, index) => index >= first && id === anchor.id && row === anchor.row)
  return at === -1 ? rows.findLastIndex(({ id }) => id === anchor.id) : at
}
