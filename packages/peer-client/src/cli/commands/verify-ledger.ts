import { printable } from '@parley/shared/terminal/printable.ts'
import { z } from 'zod'
import { defineCommand, jsonOption } from '../command.ts'
import { EXIT } from '../exit.ts'
import { currentPassphrases, passphraseFileOption } from '../passphrases.ts'

export const verifyLedgerCommand = defineCommand({
  syntax: 'verify-ledger <profile...>',
  group: 'Messages:',
  summary: 'prove that nothing was lost, doubled, reordered or ticked too early',
  details:
    'PROFILE is a profile directory or the database in it. Given several, what one sent is compared with what the others hold. ' +
    'Daemons may be running. Profiles with a passphrase must have the same one. Ends with 65 when something is wrong.',
  examples: [
    ['parley verify-ledger ~/.local/share/parley/alice', 'one by itself'],
    ['parley verify-ledger ./alice ./bob --json', 'two against each other, as JSON'],
  ],
  options: [passphraseFileOption(), jsonOption('print the report as JSON')],
  args: z.tuple([z.array(z.string().min(1)).min(1)]),
  flags: z.object({ passphraseFile: z.string().optional(), json: z.boolean() }),
  run: async (cli, [paths], { passphraseFile, json }) => {
    const { actions, terminal } = cli
    const { ok, text, report } = await actions.verifyLedger(paths, currentPassphrases(cli, passphraseFile))
    if (json) terminal.json(report)
    else for (const line of text.trimEnd().split('\n')) terminal.line(printable(line))
    return ok ? EXIT.done : EXIT.refused
  },
})
