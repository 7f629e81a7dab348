import type { Why } from '@parley/shared/local-api/messages.ts'
import { printTable, printText } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { shorten } from '@parley/shared/terminal/text-width.ts'
import { dayOf, exactTime, timeWithDay } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { shortId, stateWords } from '../message-words.ts'
import { ATTEMPT_WORDS, inRuns, outcomeWords } from '../why-words.ts'
import { linkWords } from './peers.ts'

const QUOTED_COLUMNS = 60
/** So that all of it is one screen. */
const MAX_RUNS_SHOWN = 12

export const whyCommand = defineCommand({
  syntax: 'why <id>',
  group: 'Messages:',
  summary: 'where a message is, what was tried, and what happens next',
  examples: [['parley why xK3v0bQyS9uYw0o1m2n3pA', 'the id is what send printed']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [id], { json, ...choice }) => {
    const why = await (await clientOf(cli, choice)).why(id)
    if (json) cli.terminal.json(why)
    else show(cli, why)
    return EXIT.done
  },
})

function show({ terminal, now }: Cli, { message, summary, next, devices, attempts }: Why): void {
  const more = terminal.isUtf8 ? '…' : '...'
  const quoted = shorten(printable(message.text), QUOTED_COLUMNS, more)
  const state = stateWords(terminal, message)
  const way = message.direction === 'out' ? `to ${printable(message.with)}` : `from ${printable(message.with)}`
  const head = `${way}, ${timeWithDay(message.sentAt, now())}`
  terminal.line(state === undefined ? head : `${terminal.paint(state.text, state.style)}  ${head}`)
  if (quoted !== '') terminal.line(`  "${quoted}"`)
  terminal.line()
  printText(terminal, next, 'bold')
  printText(terminal, summary)
  // One device says nothing that the sentences do not.
  if (devices.length > 1) {
    terminal.line()
    printTable(
      terminal,
      [
        { title: 'DEVICE', cell: ({ device }) => shortId(device) },
        { title: 'LINK', cell: ({ link }) => linkWords(link, now()) },
      ],
      devices,
    )
  }
  const tries = inRuns(attempts.toSorted((a, b) => b.at - a.at))
  if (tries.length === 0) return
  terminal.line()
  printTable(
    terminal,
    [
      { title: 'DAY', cell: ({ last }) => dayOf(last.at, now()) },
      { title: 'TIME', cell: ({ last }) => exactTime(last.at) },
      { title: 'WHAT', cell: ({ last }) => ATTEMPT_WORDS[last.what] },
      { title: 'BY', cell: ({ last: { path = '' } }) => path },
      { title: 'OUTCOME', cell: outcomeWords },
    ],
    tries.slice(0, MAX_RUNS_SHOWN),
  )
  if (tries.length > MAX_RUNS_SHOWN) terminal.note(`${tries.length - MAX_RUNS_SHOWN} earlier ones: --json shows all`)
}
