import { ChangeSettings, LogLevel, type Settings } from '@parley/shared/local-api/settings.ts'
import { printFields } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

const SETTINGS = new Map<string, Setting>([
  ['read-receipts', { key: 'readReceipts', values: ['on', 'off'] }],
  ['typing', { key: 'typing', values: ['on', 'off'] }],
  ['log-level', { key: 'logLevel', values: LogLevel.options }],
])

interface Setting {
  readonly key: keyof Settings
  readonly values: readonly string[]
}

export const settingsCommand = defineCommand({
  syntax: 'settings [setting] [value]',
  group: 'Your peer:',
  summary: 'see and change what your peer does by itself',
  details:
    'read-receipts: contacts learn how far you have read, and you see how far they have. Off until you turn it on. ' +
    'typing: contacts that are connected see that you are writing to them, and you see it of them. On until you turn it off. ' +
    'Each is both or neither, and nobody who is not your contact ever learns it. ' +
    'log-level: what the log of the daemon gets, from fatal to trace, until it ends.',
  examples: [
    ['parley settings', 'all of them'],
    ['parley settings read-receipts on', 'turns one on'],
    ['parley settings log-level debug', 'to see what it is doing'],
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
    if (value !== undefined && setting?.values.includes(value) === false)
      throw new CliError(EXIT.usage, 'bad-value', `"${value}" is none of ${setting.values.join(', ')}`)
    const client = await clientOf(cli, choice)
    const isChange = setting !== undefined && value !== undefined
    const change = isChange ? ChangeSettings.parse({ [setting.key]: settingOf(value) }) : {}
    const settings = await (isChange ? client.changeSettings(change) : client.settings())
    const shown = [...SETTINGS].filter(([, { key }]) => setting === undefined || key === setting.key)
    if (json) cli.terminal.json(settings)
    else
      printFields(
        cli.terminal,
        shown.map(([title, { key }]) => [title, wordOf(settings[key])]),
      )
    return EXIT.done
  },
})

function settingOf(word: string): boolean | string {
  return word === 'on' || word === 'off' ? word === 'on' : word
}

function wordOf(value: boolean | string): string {
  if (typeof value === 'string') return value
  return value ? 'on' : 'off'
}
