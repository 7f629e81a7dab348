import { z } from 'zod'
import { defineCommand, jsonOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { count } from '../message-words.ts'
import { currentPassphrases, passphraseFileOption } from '../passphrases.ts'
import { progressNotes } from '../progress-notes.ts'

export const backupCommand = defineCommand({
  syntax: 'backup <file>',
  group: 'Your peer:',
  summary: 'write account, contacts and messages to an encrypted file',
  details:
    'Your peer may be running. The file is encrypted with the passphrase of your profile; for a profile without one it asks for one. ' +
    'parley restore makes a new device of it; no two devices may share one, so the keys of this one are not in it.',
  examples: [
    ['parley backup /media/usb/alice.age', 'of the only profile'],
    ['parley backup alice.age --name alice', 'of one of several'],
  ],
  options: [...profileOptions(), passphraseFileOption(), jsonOption()],
  args: z.tuple([z.string().min(1)]),
  flags: z.object({
    name: z.string().optional(),
    profile: z.string().optional(),
    passphraseFile: z.string().optional(),
    json: z.boolean(),
  }),
  run: async (cli, [file], { passphraseFile, json, ...choice }) => {
    const { actions, terminal } = cli
    const passphrase = currentPassphrases(cli, passphraseFile)
    const backup = await actions.backUp({ ...choice, file, passphrase, progress: progressNotes(cli, 'written') })
    if (json) terminal.json({ event: 'backed-up', ...backup })
    else terminal.line(`${count(backup.messages, 'message')} and all else are in ${backup.file}.`)
    return EXIT.done
  },
})
