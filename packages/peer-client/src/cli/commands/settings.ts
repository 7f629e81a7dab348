import type { Settings } from '@parley/shared/local-api/settings.ts'
import { printFields } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

const SETTINGS: ReadonlyMap<string, keyof Settings> = new Map([
  ['read-receipts', 'readReceipts'],
  ['typing', 'typing'],
])

export const settingsCommand = defineCommand({
  syntax: 'settings [setting] [on|off]',
  group: 'Your peer:',
  summary: 'see and change what your peer does by itself',
  details:
    'read-receipts: contacts learn how far you have read, and you see how far they have. Off until you turn it on. ' +
    'typing: contacts that are connected see that you are writing to them, and you see it of them. On until you turn it off. ' +
    'Each is both or neither, and nobody who is not your contact ever learns it.',
  examples: [
    ['parley settings', 'all of them'],
    ['parley settings read-receipts on', 'turns one on'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([z.string().optional(), z.string().optional()]),
  flags: ClientFlags,
  run: async (cli, [name, value], { json, ...choice }) => {
    const setting = name === undefined ? undefined : SETTINGS.get(name)
    if (name !== undefined && setting === undefined) {
      const known = [...SETTINGS.keys()].join(', ')
      throw new CliError(EXIT.usage, 'unknown-setting', `there is no setting "${name}". There are: ${known}`)
    }
    if (value !== undefined && value !== 'on' && value !== 'off')
      throw new CliError(EXIT.usage, 'bad-value', `"${value}" is neither on nor off`)
    const client = await clientOf(cli, choice)
    const isChange = setting !== undefined && value !== undefined
    const settings = await (isChange ? client.changeSettings({ [setting]: value === 'on' }) : client.settings())
    const shown = [...SETTINGS].filter(([, one]) => setting === undefined || one === setting)
    if (json) cli.terminal.json(settings)
    else
      printFields(
        cli.terminal,
        shown.map(([title, one]) => [title, settings[one] ? 'on' : 'off']),
      )
    return EXIT.done
  },
})
