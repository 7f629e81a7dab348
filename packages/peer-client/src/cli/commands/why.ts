import type { Why } from '@parley/shared/local-api/messages.ts'
import { printTable, printText } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { shorten } from '@parley/shared/terminal/text-width.ts'
import { dayOf, exactTime, timeWithDay } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { stateWords } from '../message-words.ts'

const QUOTED_COLUMNS = 60

const WHAT: Readonly<Record<Why['attempts'][number]['what'], string>> = {
  'look-up': 'looked up',
  dial: 'dialled',
  seal: 'encrypted',
  write: 'sent',
  answer: 'answered',
}

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

function show({ terminal, now }: Cli, { message, summary, next, attempts }: Why): void {
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
  if (attempts.length === 0) return
  terminal.line()
  const newestFirst = attempts.toSorted((a, b) => b.at - a.at)
  printTable(
    terminal,
    [
      { title: 'DAY', cell: ({ at }) => dayOf(at, now()) },
      { title: 'TIME', cell: ({ at }) => exactTime(at) },
      { title: 'WHAT', cell: ({ what }) => WHAT[what] },
      { title: 'BY', cell: ({ path = '' }) => path },
      { title: 'OUTCOME', cell: ({ outcome, detail }) => (detail === undefined ? outcome : `${outcome}: ${detail}`) },
    ],
    newestFirst,
  )
}
