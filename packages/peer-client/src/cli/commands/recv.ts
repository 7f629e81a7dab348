import { MAX_PAGE_MESSAGES } from '@parley/shared/limits.ts'
import { ReaderName } from '@parley/shared/local-api/received.ts'
import { parseSpan } from '@parley/shared/terminal/times.ts'
import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions, wholeNumber } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'
import { printReceived, Reading } from '../reading.ts'

const MOST = 1_000_000_000
const POLL_MS = 60_000

export const recvCommand = defineCommand({
  syntax: 'recv',
  group: 'Messages:',
  summary: 'print what others write, as it arrives',
  details:
    'Without a cursor: what arrives from now on, and without --follow the next message only. With a cursor: what this reader has not ' +
    'seen yet, a new one everything; the peer remembers how far it came. The cursor moves after the lines were written, so a reader ' +
    'that is killed sees its last lines again and never misses one; the id of a message is always the same. ' +
    'Edits, deletions and reactions are lines too, which say in "about" which message they are about.',
  examples: [
    ['parley recv --follow', 'what arrives, until Ctrl-C'],
    ['parley recv --follow --cursor archive --json >> all.ndjson', 'everything, across restarts of both'],
    ['parley recv --from bob --timeout 10s', 'the next message of bob'],
    ['parley recv --cursor archive --again', 'everything from the beginning'],
  ],
  options: [
    ...profileOptions(),
    new Option('--follow', 'go on until Ctrl-C').default(false),
    new Option('--cursor <name>', 'who reads: letters, digits and . _ -').argParser(readerName),
    new Option('--again', 'forget how far the cursor came').default(false),
    new Option('--from <name>', 'only what this person writes'),
    new Option('--limit <number>', 'end after so many').argParser(wholeNumber(1, MOST)),
    new Option('--timeout <time>', 'how long to wait for the next message, for instance 90s, 2m or 1h').argParser(span),
    jsonOption('print one JSON object for each message, a line each'),
  ],
  args: z.tuple([]),
  flags: ClientFlags.extend({
    follow: z.boolean(),
    cursor: z.string().optional(),
    again: z.boolean(),
    from: z.string().optional(),
    limit: z.int().optional(),
    timeout: z.int().optional(),
  }),
  run: async (cli, _args, { json, follow, cursor, again, from, limit, timeout, name, profile }) => {
    const choice = { name, profile }
    if (again && cursor === undefined) throw new CliError(EXIT.usage, 'no-cursor', '--again needs --cursor NAME')
    const reading = new Reading(cli, choice, await clientOf(cli, choice), { cursor, from })
    if (again) await reading.again()
    const giveUpAt = timeout === undefined ? undefined : cli.now() + timeout
    // A reader with a cursor asks for what is there; one without has nothing but what comes.
    const most = limit ?? (follow || cursor !== undefined ? Number.POSITIVE_INFINITY : 1)
    const waits = follow || cursor === undefined ? 'always' : timeout === undefined ? 'never' : 'for the first'
    let printed = 0
    while (printed < most) {
      const isWaiting = waits === 'always' || (waits === 'for the first' && printed === 0)
      const leftMs = giveUpAt === undefined ? POLL_MS : Math.max(0, giveUpAt - cli.now())
      const { messages } = await reading.next(
        Math.min(most - printed, MAX_PAGE_MESSAGES),
        isWaiting ? Math.min(leftMs, POLL_MS) : 0,
        (page) => printReceived(cli, page.messages, json),
      )
      printed += messages.length
      if (messages.length > 0) continue
      if (!isWaiting) break
      if (giveUpAt === undefined || cli.now() < giveUpAt) continue
      if (printed > 0 && limit === undefined) break
      throw new CliError(
        EXIT.stillQueued,
        'timed-out',
        `${printed === 0 ? 'nothing' : 'not enough'} arrived in this time`,
      )
    }
    return EXIT.done
  },
})

function readerName(text: string): string {
  const name = ReaderName.safeParse(text)
  if (name.success) return name.data
  throw new InvalidArgumentError('It is at most 64 letters, digits and . _ -')
}

function span(text: string): number {
  const ms = parseSpan(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('Write a time up to a day, like 90s, 2m or 1h.')
}
