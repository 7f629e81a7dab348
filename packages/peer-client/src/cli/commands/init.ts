import { printFields, printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { defineCommand, jsonOption } from '../command.ts'
import { EXIT } from '../exit.ts'
import { shortId } from '../message-words.ts'

export const initCommand = defineCommand({
  syntax: 'init',
  group: 'Your peer:',
  summary: 'make a profile: new keys, a new account',
  details:
    'The keys are made here and stay here. Whoever has a copy of the profile is you: keep it private, and a backup of it safe.',
  examples: [
    ['parley init --name alice', 'others reach you by address'],
    ['parley init --name alice --directory http://127.0.0.1:5000', 'others find you by name'],
    ['parley init --name alice --profile ./alice', 'in a place of your choice'],
  ],
  options: [
    new Option('--name <name>', 'your name: a-z 0-9 . _ - and at most 32 of them').makeOptionMandatory(),
    new Option('--directory <url>', 'the directory that introduces you').env('PARLEY_DIRECTORY'),
    new Option('--display-name <name>', 'how others read your name; by default as you typed it'),
    new Option('--profile <directory>', 'where to make the profile').env('PARLEY_PROFILE'),
    jsonOption(),
  ],
  args: z.tuple([]),
  flags: z.object({
    name: z.string(),
    directory: z.string().optional(),
    displayName: z.string().optional(),
    profile: z.string().optional(),
    json: z.boolean(),
  }),
  run: async ({ actions, terminal }, _args, { json, ...options }) => {
    const { path, name, displayName, account, directory } = await actions.init(options)
    const next = options.profile === undefined ? `parley start --name ${name}` : `parley start --profile ${path}`
    if (json) {
      terminal.json({ event: 'made', name, displayName, account, profile: path, directory: directory ?? null })
      return EXIT.done
    }
    terminal.line(`The profile of ${name} is made.`)
    printFields(terminal, [
      ['profile', path],
      ['account', shortId(account)],
      ['directory', directory ?? 'none; others reach you by address'],
    ])
    printText(terminal, `Next: ${next}`)
    return EXIT.done
  },
})
