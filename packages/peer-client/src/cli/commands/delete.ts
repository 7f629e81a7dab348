import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const deleteCommand = defineCommand({
  syntax: 'delete <id>',
  group: 'Messages:',
  summary: 'show a message of yours no more, here and at the other side',
  details:
    'One that has not left yet is taken back. Afterwards the other side is asked to show it no more; whoever read it has read it, ' +
    'and a peer that does not want to need not.',
  examples: [['parley delete xK3v0bQyS9uYw0o1m2n3pA', 'the id is what send printed']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [id], { json, ...choice }) => {
    const message = await (await clientOf(cli, choice)).remove(id)
    if (json) cli.terminal.json(message)
    else if (message.deleted === undefined) printText(cli.terminal, `Taken back. ${message.with} will not get it.`)
    else printText(cli.terminal, `Deleted here. ${message.with} is asked to show it no more.`)
    return EXIT.done
  },
})
