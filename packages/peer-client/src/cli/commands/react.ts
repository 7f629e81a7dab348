import { Emoji } from '@parley/shared/emoji.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

export const reactCommand = defineCommand({
  syntax: 'react <id> [emoji]',
  group: 'Messages:',
  summary: 'say what you think of a message, in one emoji',
  details: 'It takes the place of the one before. Without EMOJI yours is taken back.',
  examples: [
    ['parley react xK3v0bQyS9uYw0o1m2n3pA 👍', 'the id is what send and history --json print'],
    ['parley react xK3v0bQyS9uYw0o1m2n3pA', 'nothing any more'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument, z.string().optional()]),
  flags: ClientFlags,
  run: async (cli, [id, given], { json, ...choice }) => {
    const emoji = given === undefined ? null : Emoji.safeParse(given).data
    if (emoji === undefined) throw new CliError(EXIT.usage, 'no-emoji', 'give one emoji, like 👍, and nothing else')
    const message = await (await clientOf(cli, choice)).react(id, emoji)
    if (json) cli.terminal.json(message)
    else if (emoji === null) printText(cli.terminal, `Taken back. ${message.with} is told.`)
    else printText(cli.terminal, `${emoji} goes to ${message.with}.`)
    return EXIT.done
  },
})
