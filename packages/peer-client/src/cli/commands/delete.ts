import { printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const deleteCommand = defineCommand({
  syntax: 'delete <id>',
  group: 'Messages:',
  summary: 'show a message no more, here and at the other side, or only here',
  details:
    'One that has not left yet is taken back. Afterwards the other side is asked to show it no more; whoever read it has read it, ' +
    'and a peer that does not want to need not. With --for-me it may be a message of somebody else, and nobody is told.',
  examples: [
    ['parley delete xK3v0bQyS9uYw0o1m2n3pA', 'the id is what send printed'],
    ['parley delete xK3v0bQyS9uYw0o1m2n3pA --for-me', 'shown no more on this device'],
  ],
  options: [
    ...profileOptions(),
    new Option('--for-me', 'only on this device; whoever wrote it').default(false),
    jsonOption(),
  ],
  args: z.tuple([NameArgument]),
  flags: ClientFlags.extend({ forMe: z.boolean() }),
  run: async (cli, [id], { json, forMe, ...choice }) => {
    const client = await clientOf(cli, choice)
    if (forMe) {
      await client.hide(id)
      if (json) cli.terminal.json({ id, hidden: true })
      else printText(cli.terminal, 'It is shown no more on this device.')
      return EXIT.done
    }
    const message = await client.remove(id)
    if (json) cli.terminal.json(message)
    else if (message.deleted === undefined) printText(cli.terminal, `Taken back. ${message.with} will not get it.`)
    else printText(cli.terminal, `Deleted here. ${message.with} is asked to show it no more.`)
    return EXIT.done
  },
})
