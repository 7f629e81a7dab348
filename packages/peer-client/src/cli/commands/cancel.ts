import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const cancelCommand = defineCommand({
  syntax: 'cancel <id>',
  group: 'Messages:',
  summary: 'take a message back that has not left yet',
  details: 'A message that was sent stays sent; the command then says so and ends with 65. parley delete goes further.',
  examples: [['parley cancel xK3v0bQyS9uYw0o1m2n3pA', 'the id is what send printed']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [id], { json, ...choice }) => {
    const message = await (await clientOf(cli, choice)).cancel(id)
    if (json) cli.terminal.json(message)
    else printText(cli.terminal, `Taken back. ${message.with} will not get it.`)
    return EXIT.done
  },
})
