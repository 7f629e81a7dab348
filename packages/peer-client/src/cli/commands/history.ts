import type { ApiClient } from '@parley/api-client'
import { MAX_PAGE_MESSAGES } from '@parley/shared/limits.ts'
import type { ConversationTroubles, HistoryPage, MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import { digits } from '@parley/shared/terminal/digits.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { printable, printableLines } from '@parley/shared/terminal/printable.ts'
import { padEnd, shorten, widthOf, wrap } from '@parley/shared/terminal/text-width.ts'
import { clockTime, dayOf, timeWithDay } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import {
  type Cli,
  ClientFlags,
  clientOf,
  defineCommand,
  jsonOption,
  limitOption,
  NameArgument,
  profileOptions,
} from '../command.ts'
import { type Entry, inOrder } from '../entries.ts'
import { EXIT } from '../exit.ts'
import { count, nameStyle, quoteLine, reactionsLine, STATE_COLUMNS, stateWords, textLines } from '../message-words.ts'

const MOST = 100_000
const USUAL = 50
const MAX_NAME_COLUMNS = 16
/** Where less than this is left for texts, the words of the states give way to their shapes. */
const ROOMY_TEXT_COLUMNS = 30
const MIN_TEXT_COLUMNS = 16
const GAP = '  '
const MAX_FORKS_SHOWN = 3
const QUOTED_COLUMNS = 60

export const historyCommand = defineCommand({
  syntax: 'history <name>',
  group: 'Messages:',
  summary: 'read a conversation, the newest at the bottom',
  details:
    'What happened beside it is noted in its place, for instance a new key. On a terminal the conversation is then marked as read, as ' +
    'by parley read. With --json a note is an object without an "id", and its "kind" says what happened.',
  examples: [
    ['parley history bob', 'the last messages'],
    ['parley history bob --limit 1000 --json', 'more of them, a JSON object on each line'],
  ],
  options: [
    ...profileOptions(),
    limitOption('at most so many, the newest', MOST, USUAL),
    jsonOption('print one JSON object for each message and each note, a line each'),
  ],
  args: z.tuple([NameArgument]),
  flags: ClientFlags.extend({ limit: z.int() }),
  run: async (cli, [who], { json, limit, ...choice }) => {
    const client = await clientOf(cli, choice)
    const { contact, messages, notes = [], troubles } = await newest(client, who, limit)
    const entries = inOrder(messages, notes)
    if (json) for (const entry of entries) cli.terminal.json(entry)
    else if (entries.length === 0)
      printText(cli.terminal, `No messages with ${who} yet. Begin with: parley send ${who} hello`)
    else show(cli, contact, entries)
    if (!json && troubles !== undefined) showTroubles(cli, contact.name, troubles)
    // What is piped into a program nobody has seen yet.
    const last = messages.at(-1)
    if (cli.terminal.isInteractive && !json && last !== undefined) await client.markRead(who, { upTo: last.id })
    return EXIT.done
  },
})

/** Oldest first. */
async function newest(client: ApiClient, who: string, limit: number): Promise<HistoryPage> {
  const messages: MessageView[] = []
  const notes: Note[] = []
  let before: string | undefined
  let contact: HistoryPage['contact']
  let troubles: HistoryPage['troubles']
  do {
    const page = await client.history(who, { limit: Math.min(limit - messages.length, MAX_PAGE_MESSAGES), before })
    messages.push(...page.messages)
    notes.unshift(...(page.notes ?? []))
    contact = page.contact
    troubles ??= page.troubles
    before = page.next
  } while (before !== undefined && messages.length < limit)
  return { contact, messages: messages.reverse(), notes, troubles }
}

function show(cli: Cli, contact: HistoryPage['contact'], entries: readonly Entry[]): void {
  const { terminal, now } = cli
  header(cli, contact)
  const names = entries.map((entry) => ('id' in entry ? printable(nameOf(entry)) : ''))
  const nameColumns = Math.min(MAX_NAME_COLUMNS, Math.max(...names.map(widthOf)))
  const more = terminal.isUtf8 ? '…' : '~'
  const leftColumns = 'hh:mm'.length + GAP.length + nameColumns + GAP.length
  const isRoomy = (terminal.columns ?? Number.POSITIVE_INFINITY) - leftColumns - STATE_COLUMNS >= ROOMY_TEXT_COLUMNS
  const stateColumns = isRoomy ? STATE_COLUMNS : 1
  const indent = leftColumns + stateColumns + GAP.length
  const textColumns =
    terminal.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(MIN_TEXT_COLUMNS, terminal.columns - indent)
  let day = ''
  for (const [at, entry] of entries.entries()) {
    const today = dayOf('id' in entry ? entry.sentAt : entry.at, now())
    if (today !== day) separator(cli, today, at === 0)
    day = today
    if (!('id' in entry)) {
      showNote(cli, entry)
      continue
    }
    const message = entry
    const name = padEnd(shorten(names[at] ?? '', nameColumns, more), nameColumns)
    const state = stateWords(terminal, message)
    const shown = state === undefined ? '' : isRoomy ? state.text : state.shape
    const left = [
      terminal.paint(clockTime(message.sentAt), 'dim'),
      terminal.paint(name, message.direction === 'in' ? nameStyle(message.account) : 'bold'),
      terminal.paint(padEnd(shown, stateColumns), state?.style),
    ].join(GAP)
    const lines = [quoteLine(terminal, message), ...textLines(message), reactionsLine(message)]
      .filter((line) => line !== undefined)
      .flatMap((line) => wrap(line, textColumns))
    for (const [row, line] of lines.entries()) {
      terminal.line(`${row === 0 ? left : ' '.repeat(indent - GAP.length)}${GAP}${line}`.trimEnd())
    }
  }
}

function showNote({ terminal }: Cli, { at, level, text }: Note): void {
  const time = clockTime(at) + GAP
  const columns = terminal.columns === undefined ? undefined : terminal.columns - time.length
  const lines = wrap(printable(text), Math.max(MIN_TEXT_COLUMNS, columns ?? Number.POSITIVE_INFINITY))
  const style = level === 'warn' ? 'yellow' : 'dim'
  for (const [row, line] of lines.entries())
    terminal.line(terminal.paint(`${row === 0 ? time : ' '.repeat(time.length)}${line}`, style))
}

function header({ terminal }: Cli, { name, isKeyChanged, verification }: HistoryPage['contact']): void {
  if (isKeyChanged) {
    printText(terminal, `The key of ${name} changed: nothing is sent. parley accept-key ${name} tells more.`, 'yellow')
  } else if (verification === 'verified') {
    printText(terminal, `${name} is verified.`, 'green')
  } else if (verification === 'rotated-since') {
    printText(terminal, `${name} rotated the key since it was verified. Compare again: parley verify ${name}`, 'yellow')
  }
}

function showTroubles({ terminal, now }: Cli, name: string, troubles: ConversationTroubles): void {
  const { missing, waiting, forkCount, forks } = troubles
  const mark = terminal.isUtf8 ? '‼' : '!!'
  terminal.line()
  if (missing > 0) {
    const [were, ones] = [missing === 1 ? 'is' : 'are', waiting === 1 ? 'one waits' : 'ones wait']
    printText(
      terminal,
      `${mark} ${count(missing, 'message')} of ${name} ${were} missing here. ${digits(waiting)} later ${ones} for that, and then all are shown.`,
      'yellow',
    )
  }
  if (forkCount === 0) return
  printText(
    terminal,
    `${mark} ${name} contradicted ${count(forkCount, 'time')} what was said before: an old copy of the profile, or somebody who lies. What came first is shown.`,
    'yellow',
  )
  for (const { at, text } of forks.slice(0, MAX_FORKS_SHOWN)) {
    const [first = ''] = printableLines(text)
    const said =
      first === '' ? 'something that is no text' : `"${shorten(first, QUOTED_COLUMNS, terminal.isUtf8 ? '…' : '~')}"`
    terminal.line(`   ${timeWithDay(at, now())}  also said: ${said}`)
  }
}

function nameOf(message: MessageView): string {
  return message.direction === 'in' ? message.with : 'you'
}

function separator({ terminal }: Cli, day: string, isFirst: boolean): void {
  if (!isFirst) terminal.line()
  terminal.line(terminal.paint(`${terminal.isUtf8 ? '──' : '--'} ${day}`, 'dim'))
}
