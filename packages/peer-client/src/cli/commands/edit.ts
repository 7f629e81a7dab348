import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { readMessage } from '../read-text.ts'

export const editCommand = defineCommand({
  syntax: 'edit <id> [text...]',
  group: 'Messages:',
  summary: 'give a message of yours another text',
  details:
    'One that has not left yet is changed in place. Afterwards the other side is told, and shows the new text and that it was edited. ' +
    'Without TEXT the standard input is the text.',
  examples: [['parley edit xK3v0bQyS9uYw0o1m2n3pA see you at nine', 'the id is what send printed']],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument, z.array(z.string())]),
  flags: ClientFlags,
  run: async (cli, [id, words], { json, ...choice }) => {
    const text = await readMessage(cli, words)
    const message = await (await clientOf(cli, choice)).edit(id, text)
    if (json) cli.terminal.json(message)
    else if (message.edited === undefined)
      printText(cli.terminal, `Edited before it left. ${message.with} gets the new text.`)
    else printText(cli.terminal, `Edited. The new text goes to ${message.with} as ${message.edited.by}.`)
    return EXIT.done
  },
})
