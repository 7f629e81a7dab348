import { printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

export const nicknameCommand = defineCommand({
  syntax: 'nickname <name> [nickname...]',
  group: 'People:',
  summary: 'call somebody as you like, on this device',
  details: 'The nickname is shown everywhere in place of the name, and stands for the person in every command.',
  examples: [
    ['parley nickname bob Uncle Bob', 'from now on: parley send "uncle bob" hello'],
    ['parley nickname bob', 'what bob is called'],
    ['parley nickname bob --remove', 'bob is bob again'],
  ],
  options: [...profileOptions(), new Option('--remove', 'take the nickname away').default(false), jsonOption()],
  args: z.tuple([NameArgument, z.array(z.string())]),
  flags: ClientFlags.extend({ remove: z.boolean() }),
  run: async (cli, [who, words], { json, remove, ...choice }) => {
    if (remove && words.length > 0) throw new CliError(EXIT.usage, 'usage', 'give a nickname or --remove, not both')
    const { contacts } = await clientOf(cli, choice)
    const isChange = remove || words.length > 0
    const contact = isChange
      ? await contacts.setNickname(who, remove ? null : words.join(' '))
      : await contacts.find(who)
    if (json) cli.terminal.json(contact)
    else if (contact.nickname === undefined) printText(cli.terminal, `${contact.publicName} has no nickname.`)
    else printText(cli.terminal, `${contact.publicName} is called ${contact.nickname} here.`)
    return EXIT.done
  },
})
