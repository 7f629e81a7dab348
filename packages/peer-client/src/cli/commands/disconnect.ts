import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const disconnectCommand = defineCommand({
  syntax: 'disconnect <who>',
  group: 'People:',
  summary: 'end the connection to somebody',
  details: 'It is made again when you ask for it, or when a message to them waits.',
  examples: [['parley disconnect bob', 'until you write or connect']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [who], { json, ...choice }) => {
    await (await clientOf(cli, choice)).disconnect(who)
    if (json) cli.terminal.json({ event: 'disconnected', who })
    else printText(cli.terminal, `Not connected to ${who} any more.`)
    return EXIT.done
  },
})
