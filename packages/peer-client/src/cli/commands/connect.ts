import { printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const connectCommand = defineCommand({
  syntax: 'connect <target>',
  group: 'People:',
  summary: 'connect to somebody now',
  details: 'TARGET is a name, or the HOST:PORT of a peer.',
  examples: [
    ['parley connect bob', 'wherever bob is'],
    ['parley connect 192.0.2.7:8000', 'without a directory'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([NameArgument]),
  flags: ClientFlags,
  run: async (cli, [target], { json, ...choice }) => {
    const peer = await (await clientOf(cli, choice)).connect(target)
    const address = 'address' in peer.link ? (peer.link.address ?? '') : ''
    if (json) cli.terminal.json(peer)
    else printText(cli.terminal, `Connected to ${peer.name}${address === '' ? '' : ` at ${address}`}.`)
    return EXIT.done
  },
})
