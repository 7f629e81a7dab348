import { printFields } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

export const settingsCommand = defineCommand({
  syntax: 'settings [setting] [on|off]',
  group: 'Your peer:',
  summary: 'see and change what your peer does by itself',
  details:
    'read-receipts: contacts learn how far you have read, and you see how far they have. Off until you turn it on; it is both or ' +
    'neither, and nobody who is not your contact ever learns it.',
  examples: [
    ['parley settings', 'all of them'],
    ['parley settings read-receipts on', 'turns one on'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([z.string().optional(), z.string().optional()]),
  flags: ClientFlags,
  run: async (cli, [name, value], { json, ...choice }) => {
    if (name !== undefined && name !== 'read-receipts')
      throw new CliError(EXIT.usage, 'unknown-setting', `there is no setting "${name}": it is read-receipts`)
    if (value !== undefined && value !== 'on' && value !== 'off')
      throw new CliError(EXIT.usage, 'bad-value', `"${value}" is neither on nor off`)
    const client = await clientOf(cli, choice)
    const settings = await (value === undefined
      ? client.settings()
      : client.changeSettings({ readReceipts: value === 'on' }))
    if (json) cli.terminal.json(settings)
    else printFields(cli.terminal, [['read-receipts', settings.readReceipts ? 'on' : 'off']])
    return EXIT.done
  },
})
