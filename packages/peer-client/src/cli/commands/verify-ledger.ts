import { printable } from '@parley/shared/terminal/printable.ts'
import { z } from 'zod'
import { defineCommand, jsonOption } from '../command.ts'
import { EXIT } from '../exit.ts'

export const verifyLedgerCommand = defineCommand({
  syntax: 'verify-ledger <profile...>',
  group: 'Messages:',
  summary: 'prove that nothing was lost, doubled, reordered or ticked too early',
  details:
    'PROFILE is a profile directory or the database in it. Given several, what one sent is compared with what the others hold. ' +
    'Daemons may be running. Ends with 65 when something is wrong.',
  examples: [
    ['parley verify-ledger ~/.local/share/parley/alice', 'one by itself'],
    ['parley verify-ledger ./alice ./bob --json', 'two against each other, as JSON'],
  ],
  options: [jsonOption('print the report as JSON')],
  args: z.tuple([z.array(z.string().min(1)).min(1)]),
  flags: z.object({ json: z.boolean() }),
  run: async ({ actions, terminal }, [paths], { json }) => {
    const { ok, text, report } = await actions.verifyLedger(paths)
    if (json) terminal.json(report)
    else for (const line of text.trimEnd().split('\n')) terminal.line(printable(line))
    return ok ? EXIT.done : EXIT.refused
  },
})
