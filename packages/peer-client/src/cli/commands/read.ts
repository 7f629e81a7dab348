import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const readCommand = defineCommand({
  syntax: 'read <name> [id]',
  group: 'Messages:',
  summary: 'mark a conversation as read',
  details:
    'All of it, or all up to the message ID. parley history on a terminal does the same. They learn of it only when read-receipts are on.',
  examples: [['parley read bob', 'everything that bob wrote so far']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument, z.string().min(1).optional()]),
  flags: ClientFlags,
  run: async (cli, [who, upTo], { json, ...choice }) => {
    const isNew = await (await clientOf(cli, choice)).markRead(who, { upTo })
    if (json) cli.terminal.json({ isNew })
    else printText(cli.terminal, isNew ? 'Marked as read.' : 'It was read already.')
    return EXIT.done
  },
})
