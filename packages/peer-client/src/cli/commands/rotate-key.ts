import { printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { isAgreed } from '../ask.ts'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'

export const rotateKeyCommand = defineCommand({
  syntax: 'rotate-key',
  group: 'Your peer:',
  summary: 'give your account a new key, signed by the old one',
  details:
    'Contacts follow by themselves and keep their conversations with you; whoever verified you compares again. The old key is deleted ' +
    'here, and a backup that holds it is worth its history only: make a new one. An account can do this 8 times.',
  examples: [
    ['parley rotate-key', 'asks first'],
    ['parley rotate-key --yes', 'for a script'],
  ],
  options: [...profileOptions(), new Option('--yes', 'without asking').default(false), jsonOption()],
  args: z.tuple([]),
  flags: ClientFlags.extend({ yes: z.boolean() }),
  run: async (cli, _args, { json, yes, ...choice }) => {
    const client = await clientOf(cli, choice)
    if (!yes && !(await isAgreed(cli, 'Your safety number with everybody changes. Rotate the key of your account?'))) {
      throw new CliError(EXIT.usage, 'not-decided', 'the key is as it was; a script says --yes')
    }
    const rotated = await client.rotateKey()
    if (json) cli.terminal.json(rotated)
    else
      printText(
        cli.terminal,
        `Your account has a new key, ${rotated.key}. Contacts follow by themselves. Make a new backup: one from before has the old key.`,
      )
    return EXIT.done
  },
})
