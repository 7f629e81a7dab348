import { parseSpan } from '@parley/shared/terminal/times.ts'
import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

const MAX_AGO_MS = 100 * 365 * 24 * 60 * 60 * 1000
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
    new Option('--since <time>', 'only what came or was written since: 30d, 12h, or a date').argParser(since),
  ],
  args: z.tuple([]),
  flags: ClientFlags.omit({ json: true }).extend({
    conversation: z.string().optional(),
    since: z
      .object({ at: z.int() })
      .or(z.object({ agoMs: z.int() }))
      .optional(),
  }),
  run: async (cli, _args, { conversation, since: from, ...choice }) => {
    const { terminal, now } = cli
    const at = from === undefined ? undefined : 'at' in from ? from.at : Math.max(0, now() - from.agoMs)
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

function since(text: string): { at: number } | { agoMs: number } {
  const agoMs = parseSpan(text, MAX_AGO_MS)
  if (agoMs !== undefined && /[a-z]$/.test(text)) return { agoMs }
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : Number.NaN
  if (Number.isFinite(at) && at >= 0) return { at }
  throw new InvalidArgumentError('Write how long ago, like 30d or 12h, or a date, like 2026-01-31.')
}
