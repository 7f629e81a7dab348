import type { Contact } from '@parley/shared/local-api/contacts.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const blockCommand = defineCommand({
  syntax: 'block <name>',
  group: 'People:',
  summary: 'take nothing from somebody any more, and send nothing there',
  details:
    'What was said stays, and so does what waits to be sent. The other side learns only that your peer declines to talk.',
  examples: [['parley block mallory', 'until parley unblock mallory']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [who], { json, ...choice }) => {
    const contact = await (await clientOf(cli, choice)).contacts.block(who)
    say(cli, contact, json, `${contact.name} is blocked.`)
    return EXIT.done
  },
})

export const unblockCommand = defineCommand({
  syntax: 'unblock <name>',
  group: 'People:',
  summary: 'talk to somebody again',
  examples: [['parley unblock mallory', 'what waited is sent']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [who], { json, ...choice }) => {
    const contact = await (await clientOf(cli, choice)).contacts.unblock(who)
    say(cli, contact, json, `${contact.name} is not blocked.`)
    return EXIT.done
  },
})

function say({ terminal }: Cli, contact: Contact, isJson: boolean, sentence: string): void {
  if (isJson) terminal.json(contact)
  else printText(terminal, sentence)
}
