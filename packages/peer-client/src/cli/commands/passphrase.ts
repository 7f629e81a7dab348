import { Option } from 'commander'
import { z } from 'zod'
import { defineCommand, jsonOption, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'
import { currentPassphrases, Passphrases, passphraseFileOption } from '../passphrases.ts'

export const passphraseCommand = defineCommand({
  syntax: 'passphrase',
  group: 'Your peer:',
  summary: 'set, change or remove the passphrase of your profile',
  details:
    'Keys and messages on the disk are encrypted with it. All of it is encrypted anew, which takes as long as a copy of the database and ' +
    'as much room; your peer must not be running. Interrupted, it leaves the old passphrase or the new one in force. A forgotten ' +
    'passphrase cannot be replaced by anybody.',
  examples: [
    ['parley passphrase', 'asks for the present one, if any, and the new one'],
    ['parley passphrase --remove', 'what is on the disk can be read by whoever gets it'],
    ['parley passphrase --new-passphrase-file FILE', 'without a terminal'],
  ],
  options: [
    ...profileOptions(),
    passphraseFileOption(),
    new Option('--new-passphrase-file <file>', 'a file with the new one; or set PARLEY_NEW_PASSPHRASE'),
    new Option('--remove', 'have none from now on').default(false).conflicts('newPassphraseFile'),
    jsonOption(),
  ],
  args: z.tuple([]),
  flags: z.object({
    name: z.string().optional(),
    profile: z.string().optional(),
    passphraseFile: z.string().optional(),
    newPassphraseFile: z.string().optional(),
    remove: z.boolean(),
    json: z.boolean(),
  }),
  run: async (cli, _args, { name, profile, remove, json, ...files }) => {
    const { actions, terminal } = cli
    const next = new Passphrases(cli, {
      file: files.newPassphraseFile,
      flag: '--new-passphrase-file',
      variable: 'PARLEY_NEW_PASSPHRASE',
    })
    if (remove && next.isGiven)
      throw new CliError(EXIT.usage, 'bad-value', 'there is a new passphrase in PARLEY_NEW_PASSPHRASE, and --remove')
    const outcome = await actions.changePassphrase({
      profile,
      name,
      current: currentPassphrases(cli, files.passphraseFile),
      next: remove ? undefined : next,
    })
    if (json) terminal.json({ event: 'passphrase', state: outcome })
    else terminal.line(outcome === 'set' ? 'The passphrase is set.' : 'The passphrase is removed.')
    if (outcome === 'removed' && !json) terminal.note('Whoever gets at this disk can read your messages and be you.')
    return EXIT.done
  },
})
