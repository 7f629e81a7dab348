import type { ApiClient } from '@parley/api-client'
import { MAX_PAGE_HITS } from '@parley/shared/limits.ts'
import type { SearchHit, Snippet } from '@parley/shared/local-api/search.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { timeWithDay } from '@parley/shared/terminal/times.ts'
import { Option } from 'commander'
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
import { EXIT } from '../exit.ts'
import { count, nameStyle } from '../message-words.ts'
import { Moment, momentAt, readMoment } from '../moments.ts'

const MOST = 10_000
const USUAL = 20

type Filters = Parameters<ApiClient['search']>[1]

export const searchCommand = defineCommand({
  syntax: 'search <words...>',
  group: 'Messages:',
  summary: 'look for messages by what they say, the newest first',
  details:
    'A message is found when it holds all of the words, in any case, with or without accents. The last word may be the beginning of one. ' +
    'Words in "quotation marks" are found in this order.',
  examples: [
    ['parley search lunch friday', 'messages with both words'],
    [`parley search '"see you"' --from bob`, 'what bob wrote with these words side by side'],
    ['parley search invoice --in bob --after 2026-01-01', 'in the conversation with bob, this year'],
    ['parley search inv --before 30d --json', 'older than a month, a JSON object on each line'],
  ],
  options: [
    ...profileOptions(),
    new Option('--in <name>', 'only the conversation with this person'),
    new Option('--from <name>', 'only what this person wrote; your own name for what you wrote'),
    new Option('--after <time>', 'only from then on: 30d, 12h, or a date').argParser(readMoment),
    new Option('--before <time>', 'only before then').argParser(readMoment),
    limitOption('at most so many, the newest', MOST, USUAL),
    jsonOption('print one JSON object for each, a line each'),
  ],
  args: z.tuple([z.array(NameArgument).min(1)]),
  flags: ClientFlags.extend({
    in: z.string().optional(),
    from: z.string().optional(),
    after: Moment.optional(),
    before: Moment.optional(),
    limit: z.int(),
  }),
  run: async (cli, [words], { json, limit, in: conversation, from: sender, after, before, ...choice }) => {
    const { terminal, now } = cli
    const client = await clientOf(cli, choice)
    const filters = { conversation, sender, after: momentAt(after, now()), before: momentAt(before, now()) }
    const { hits, unindexed } = await newest(client, words.join(' '), limit, filters)
    if (json) for (const hit of hits) terminal.json(hit)
    else if (hits.length === 0) printText(terminal, 'Nothing is found. Try fewer words, or only the beginning of one.')
    else for (const hit of hits) show(cli, hit)
    if (unindexed !== undefined) {
      terminal.note(
        `${count(unindexed, 'message')} cannot be found yet: the index is being built. Ask again in a while.`,
      )
    }
    return EXIT.done
  },
})

async function newest(
  client: ApiClient,
  query: string,
  limit: number,
  filters: Filters,
): Promise<{ hits: SearchHit[]; unindexed: number | undefined }> {
  const hits: SearchHit[] = []
  let unindexed: number | undefined
  let cursor: string | undefined
  do {
    const most = Math.min(limit - hits.length, MAX_PAGE_HITS)
    const page = await client.search(query, { ...filters, limit: most, cursor })
    hits.push(...page.hits)
    unindexed ??= page.unindexed
    cursor = page.next
  } while (cursor !== undefined && hits.length < limit)
  return { hits, unindexed }
}

function show({ terminal, now }: Cli, { message, snippet }: SearchHit): void {
  const name = printable(message.with)
  const who =
    message.direction === 'in'
      ? terminal.paint(name, nameStyle(message.account))
      : terminal.paint(`you to ${name}`, 'bold')
  terminal.line(`${who}  ${terminal.paint(timeWithDay(message.sentAt, now()), 'dim')}`)
  const more = terminal.isUtf8 ? '…' : '...'
  const before = snippet.isCutBefore ? more : ''
  terminal.line(`  ${before}${highlighted(terminal, snippet)}${snippet.isCutAfter ? more : ''}`)
}

/** On one line. Each piece is made printable by itself, so that marks stay where they are. */
function highlighted(terminal: Cli['terminal'], { text, marks }: Snippet): string {
  let at = 0
  let line = ''
  for (const { from, to } of marks) {
    line += onOneLine(text.slice(at, from)) + terminal.paint(onOneLine(text.slice(from, to)), 'yellow')
    at = to
  }
  return line + onOneLine(text.slice(at))
}

function onOneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, ' '))
}
