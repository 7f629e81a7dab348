import type { AcceptedKey, KeyChange } from '@parley/shared/local-api/trust.ts'
import { printFields, printText } from '@parley/shared/terminal/layout.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { isAgreed } from '../ask.ts'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, NameArgument, profileOptions } from '../command.ts'
import { CliError, EXIT } from '../exit.ts'
import { count } from '../message-words.ts'

export const acceptKeyCommand = defineCommand({
  syntax: 'accept-key <who>',
  group: 'People:',
  summary: 'decide about a changed key: what was held goes to it',
  details:
    'When somebody shows a key that the known one did not sign, nothing is sent any more. This shows both keys and asks. Compare the ' +
    'new safety number first, face to face or on the phone: whoever holds the new key reads what you send to it.',
  examples: [
    ['parley accept-key bob', 'shows what changed, and asks'],
    ['parley accept-key bob --yes', 'for a script: the new key is his'],
    ['parley accept-key bob --refuse', 'it is not: what was held goes to the known key'],
  ],
  options: [
    ...profileOptions(),
    new Option('--yes', 'accept the offered key without asking').default(false),
    new Option('--refuse', 'keep the known key').default(false).conflicts('yes'),
    jsonOption(),
  ],
  args: z.tuple([NameArgument]),
  flags: ClientFlags.extend({ yes: z.boolean(), refuse: z.boolean() }),
  run: async (cli, [who], { json, yes, refuse, ...choice }) => {
    const client = await clientOf(cli, choice)
    const change = await client.keyChange(who)
    const { account, name, offered } = change
    if (refuse) {
      show(cli, await client.refuseKey(account, offered.key), `You keep the key of ${name} that you know.`, json)
      return EXIT.done
    }
    if (!json) present(cli, change)
    if (!yes && !(await isAgreed(cli, `Is this really the key of ${name}?`))) {
      if (json) cli.terminal.json(change)
      throw new CliError(
        EXIT.keyChanged,
        'not-decided',
        `nothing was decided: ${count(change.waiting, 'message')} to ${name} stay here. When it is the right key: ` +
          `parley accept-key ${name} --yes. When it is not: parley accept-key ${name} --refuse`,
      )
    }
    // The key that was shown: had another one been offered meanwhile, this would be refused.
    show(cli, await client.acceptKey(account, offered.key), `You accepted the new key of ${name}.`, json)
    return EXIT.done
  },
})

function present({ terminal }: Cli, { name, kind, known, offered, waiting }: KeyChange): void {
  const what =
    kind === 'other-account'
      ? `The directory says that ${name} is another account now.`
      : `${name} shows a key that the known one did not sign.`
  printText(terminal, what, 'yellow')
  printFields(terminal, [
    ['known key', known.key],
    ['its safety number', grouped(known.number)],
    ['offered key', offered.key],
    ['its safety number', grouped(offered.number)],
    ['held', count(waiting, 'message')],
  ])
}

function grouped(number: string): string {
  return (number.match(/\d{5}/g) ?? []).join(' ')
}

function show({ terminal }: Cli, accepted: AcceptedKey, sentence: string, json: boolean): void {
  if (json) {
    terminal.json(accepted)
    return
  }
  const { sent, formerAccount } = accepted
  const held = sent === 0 ? '' : ` ${count(sent, 'message')} that waited ${sent === 1 ? 'goes' : 'go'} out.`
  printText(terminal, `${sentence}${held}`)
  if (formerAccount !== undefined) printText(terminal, `The earlier conversation: parley history -- ${formerAccount}`)
}
