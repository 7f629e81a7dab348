import { openInBrowser } from '@parley/shared/terminal/desktop.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { span } from '@parley/shared/terminal/times.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'

export const openCommand = defineCommand({
  syntax: 'open',
  group: 'Your peer:',
  summary: 'open your conversations in a browser',
  details:
    'It prints a link to the page that your peer serves on this machine, and opens it where there is a desktop. The link signs in ' +
    'once, within ten minutes: keep it to yourself until then.',
  examples: [
    ['parley open', 'opens the page, signed in'],
    ['parley open --no-browser', 'only prints the link, for another browser on this machine'],
  ],
  options: [
    ...profileOptions(),
    new Option('--no-browser', 'only print the link'),
    jsonOption('print the link as JSON'),
  ],
  args: z.tuple([]),
  flags: ClientFlags.extend({ browser: z.boolean() }),
  run: async (cli, _args, { json, browser, ...choice }) => {
    const { terminal, now } = cli
    const link = await (await clientOf(cli, choice)).signInLink()
    if (json) {
      terminal.json(link)
      return EXIT.done
    }
    terminal.line(link.url)
    printText(terminal, `It signs in once, within ${span(link.expiresAt - now())}.`, 'dim')
    if (browser && terminal.isInteractive) await openInBrowser(link.url)
    return EXIT.done
  },
})
