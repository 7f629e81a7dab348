import { printFields } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const profileCommand = defineCommand({
  syntax: 'profile',
  group: 'Your peer:',
  summary: 'what you are called and what you say of yourself in the directory',
  details: 'Without an option it shows both. What you change is told to the directory as soon as it can be reached.',
  examples: [
    ['parley profile', 'as it is'],
    ['parley profile --status "back on Monday"', 'found by parley find, too'],
    ['parley profile --status ""', 'says nothing any more'],
    ['parley profile --display-name "Alice B."', 'the name stays alice'],
  ],
  options: [
    ...profileOptions(),
    new Option('--status <text>', 'what others read beside your name; empty for nothing'),
    new Option('--display-name <text>', 'what you are called'),
    jsonOption(),
  ],
  args: z.tuple([]),
  flags: ClientFlags.extend({ status: z.string().optional(), displayName: z.string().optional() }),
  run: async (cli, _args, { json, status: statusText, displayName, ...choice }) => {
    const client = await clientOf(cli, choice)
    const isChange = statusText !== undefined || displayName !== undefined
    const profile = isChange ? await client.changeProfile({ statusText, displayName }) : await client.profile()
    if (json) cli.terminal.json(profile)
    else
      printFields(cli.terminal, [
        ['name', profile.name],
        ['called', profile.displayName],
        ['status', profile.statusText === '' ? 'none' : profile.statusText],
      ])
    return EXIT.done
  },
})
