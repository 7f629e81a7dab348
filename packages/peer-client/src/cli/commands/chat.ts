import { printText } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { z } from 'zod'
import type { ProfileChoice } from '../actions.ts'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { connectToDaemon } from '../daemon-connection.ts'
import { CliError, EXIT, type ExitCode } from '../exit.ts'
import { stopSignals } from '../signals.ts'

export const chatCommand = defineCommand({
  syntax: 'chat [name]',
  group: 'Messages:',
  summary: 'read and write, on the whole terminal',
  details:
    'Enter sends, Ctrl-K goes to somebody, Ctrl-F searches, and ? shows all keys. Ctrl-C ends it; your peer goes on running. ' +
    'Without a terminal each line of the input is a message to NAME, and what NAME writes is printed; it ends with the input.',
  examples: [
    ['parley chat', 'your conversations'],
    ['parley chat bob', 'the one with bob'],
    ['parley chat bob < questions.txt', 'each line a message; what bob answers meanwhile is printed'],
  ],
  options: [...profileOptions(), jsonOption('without a terminal: print one JSON object for each message')],
  args: z.tuple([NameArgument.optional()]),
  flags: ClientFlags,
  run: async (cli, [who], { json, ...choice }) => {
    const client = await clientOf(cli, choice)
    const { stdin, stdout } = process
    const hasScreen = cli.input === stdin && stdin.isTTY && stdout.isTTY && cli.terminal.isInteractive
    if (json || !hasScreen) {
      if (who === undefined) {
        throw new CliError(
          EXIT.usage,
          'no-name',
          'without a terminal it has to be said whom to write to: parley chat NAME',
        )
      }
      const { plainChat } = await import('../chat/plain-chat.ts')
      return await plainChat(cli, choice, { client, to: who, json })
    }
    const partner = who === undefined ? undefined : (await client.history(who, { limit: 1 })).contact
    return await onScreen(cli, choice, { client, partner, stdin, stdout })
  },
})

interface Screen {
  readonly client: Awaited<ReturnType<typeof clientOf>>
  readonly partner: { readonly account: string; readonly name: string } | undefined
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

async function onScreen(cli: Cli, choice: ProfileChoice, screen: Screen): Promise<ExitCode> {
  const { terminal, now, actions } = cli
  // What is typed while the screen is being made is for it.
  screen.stdin.setRawMode(true)
  // What draws comes in a slower edition, for those who develop it, unless this is said before it is loaded.
  process.env['NODE_ENV'] ??= 'production'
  // Only here: no other command should wait for it.
  const { runChat } = await import('../chat/run-chat.ts')
  using stopping = stopSignals()
  const unsent = await runChat({
    ...screen,
    find: async (onLost) => (await connectToDaemon(await actions.locateProfile(choice), choice, { onLost })).client,
    look: { isUtf8: terminal.isUtf8 },
    hasColour: terminal.hasColour,
    now,
    signal: stopping.signal,
  })
  for (const { name, text } of unsent) {
    printText(terminal, `Not sent to ${name}:`, 'yellow')
    for (const line of text.split('\n')) terminal.line(`  ${printable(line)}`)
  }
  return EXIT.done
}
