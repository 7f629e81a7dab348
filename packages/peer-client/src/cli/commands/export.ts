import { Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'
import { Moment, momentAt, readMoment } from '../moments.ts'

/** A pipe takes this much before it has to be waited for. */
const FLUSH_EVERY = 256

export const exportCommand = defineCommand({
  syntax: 'export',
  group: 'Messages:',
  summary: 'print all that was said, as JSON lines',
  details:
    'One record on each line: first "export", then a "message" for each with its text as it reads now and its state, conversation by ' +
    'conversation, and at last "end" with their number. An export without its end is not whole, and the command ends with 74.',
  examples: [
    ['parley export > all.ndjson', 'everything'],
    ['parley export --conversation bob --since 30d', 'the last month with bob'],
    ['parley export --since 2026-01-01', 'this year'],
  ],
  options: [
    ...profileOptions(),
    new Option('--conversation <name>', 'only what was said with this person'),
    new Option('--since <time>', 'only what came or was written since: 30d, 12h, or a date').argParser(readMoment),
  ],
  args: z.tuple([]),
  flags: ClientFlags.omit({ json: true }).extend({
    conversation: z.string().optional(),
    since: Moment.optional(),
  }),
  run: async (cli, _args, { conversation, since: from, ...choice }) => {
    const { terminal, now } = cli
    const at = momentAt(from, now())
    const client = await clientOf(cli, choice)
    let isWhole = false
    let printed = 0
    for await (const record of client.export({ conversation, since: at })) {
      terminal.json(record)
      isWhole = record.type === 'end'
      printed += 1
      if (printed % FLUSH_EVERY === 0) await terminal.flushed()
    }
    await terminal.flushed()
    if (isWhole) return EXIT.done
    throw new CliError(
      EXIT.io,
      'not-whole',
      'the daemon stopped in the middle: this is not all. Start it and export again',
    )
  },
})
