import { printFields, printText } from '@parley/shared/terminal/layout.ts'
import { timeWithDay } from '@parley/shared/terminal/times.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { defineCommand, jsonOption } from '../command.ts'
import { EXIT } from '../exit.ts'
import { count, shortId } from '../message-words.ts'
import { currentPassphrases, passphraseFileOption } from '../passphrases.ts'
import { progressNotes } from '../progress-notes.ts'

export const restoreCommand = defineCommand({
  syntax: 'restore <file>',
  group: 'Your peer:',
  summary: 'make a profile of a backup: a new device of the account',
  details:
    'The device that the backup is of is revoked as soon as the new one reaches the directory: do not start it again. Messages that had ' +
    'not arrived when the backup was made are sent again. What came after the backup is not in it.',
  examples: [
    ['parley restore /media/usb/alice.age', 'in the usual place, under the name in it'],
    ['parley restore alice.age --profile ./alice', 'in a place of your choice'],
  ],
  options: [
    new Option('--profile <directory>', 'where to make the profile').env('PARLEY_PROFILE'),
    passphraseFileOption(),
    jsonOption(),
  ],
  args: z.tuple([z.string().min(1)]),
  flags: z.object({
    profile: z.string().optional(),
    passphraseFile: z.string().optional(),
    json: z.boolean(),
  }),
  run: async (cli, [file], { profile, passphraseFile, json }) => {
    const { actions, terminal } = cli
    const passphrase = currentPassphrases(cli, passphraseFile)
    const restored = await actions.restore({ file, profile, passphrase, progress: progressNotes(cli, 'restored') })
    if (json) {
      terminal.json({ event: 'restored', ...restored })
      return EXIT.done
    }
    const { path, name, account, predecessor, madeAt, isEncrypted, messages, contacts, sentAgain } = restored
    terminal.line(`The profile of ${name} is restored, as a new device.`)
    printFields(terminal, [
      ['profile', path],
      ['account', shortId(account)],
      ['backup of', timeWithDay(madeAt, cli.now())],
      ['holds', `${count(messages, 'message')}, ${count(contacts, 'contact')}`],
      ['sent again', count(sentAgain, 'message')],
      ['on the disk', isEncrypted ? 'encrypted with the same passphrase' : 'readable by whoever gets at it'],
    ])
    const next = profile === undefined ? `parley start --name ${name}` : `parley start --profile ${path}`
    printText(terminal, `Do not start the old device ${shortId(predecessor)} again: this one revokes it. Next: ${next}`)
    return EXIT.done
  },
})
