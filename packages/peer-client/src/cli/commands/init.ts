import { printFields, printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { defineCommand, jsonOption } from '../command.ts'
import { EXIT } from '../exit.ts'
import { shortId } from '../message-words.ts'
import { currentPassphrases, newPassphraseOption, passphraseFileOption } from '../passphrases.ts'

const READABLE =
  'It has no passphrase: whoever gets at this disk can read your messages and be you. Set one with: parley passphrase'

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
    ['parley init --name alice --passphrase', 'asks for it; all is encrypted'],
  ],
  options: [
    new Option('--name <name>', 'your name: a-z 0-9 . _ - and at most 32 of them').makeOptionMandatory(),
    new Option('--directory <url>', 'the directory that introduces you').env('PARLEY_DIRECTORY'),
    new Option('--display-name <name>', 'how others read your name; by default as you typed it'),
    new Option('--profile <directory>', 'where to make the profile').env('PARLEY_PROFILE'),
    newPassphraseOption(),
    passphraseFileOption(),
    jsonOption(),
  ],
  args: z.tuple([]),
  flags: z.object({
    name: z.string(),
    directory: z.string().optional(),
    displayName: z.string().optional(),
    profile: z.string().optional(),
    passphrase: z.boolean(),
    passphraseFile: z.string().optional(),
    json: z.boolean(),
  }),
  run: async (cli, _args, { json, passphrase: isAsked, passphraseFile, ...options }) => {
    const { actions, terminal } = cli
    const passphrases = currentPassphrases(cli, passphraseFile)
    const passphrase = isAsked || passphrases.isGiven ? passphrases : undefined
    const { path, name, displayName, account, directory, isEncrypted } = await actions.init({ ...options, passphrase })
    const next = options.profile === undefined ? `parley start --name ${name}` : `parley start --profile ${path}`
    if (json) {
      terminal.json({
        event: 'made',
        name,
        displayName,
        account,
        profile: path,
        directory: directory ?? null,
        isEncrypted,
      })
      return EXIT.done
    }
    terminal.line(`The profile of ${name} is made.`)
    printFields(terminal, [
      ['profile', path],
      ['account', shortId(account)],
      ['directory', directory ?? 'none; others reach you by address'],
      ['on the disk', isEncrypted ? 'encrypted with your passphrase' : 'readable by whoever gets at it'],
    ])
    if (!isEncrypted) terminal.note(READABLE)
    printText(terminal, `Next: ${next}`)
    return EXIT.done
  },
})
