import type { Contact } from '@parley/shared/local-api/contacts.ts'
import { printTable, printText } from '@parley/shared/terminal/layout.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, limitOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { nameStyle } from '../message-words.ts'

const MOST = 10_000
const USUAL = 100

export const contactsCommand = defineCommand({
  syntax: 'contacts',
  group: 'People:',
  summary: 'who your contacts are, what they are called, and who is blocked',
  examples: [
    ['parley contacts', 'all of them, by name'],
    ['parley contacts --json | grep blocked', 'for a script'],
  ],
  options: [
    ...profileOptions(),
    limitOption('at most so many', MOST, USUAL),
    jsonOption('print one JSON object for each, a line each'),
  ],
  args: z.tuple([]),
  flags: ClientFlags.extend({ limit: z.int() }),
  run: async (cli, _args, { json, limit, ...choice }) => {
    const { terminal } = cli
    const all = await (await clientOf(cli, choice)).contacts.list()
    const contacts = all.slice(0, limit)
    if (json) for (const contact of contacts) terminal.json(contact)
    else if (contacts.length === 0) printText(terminal, 'You have no contacts yet. Find people with parley find NAME')
    else {
      printTable(
        terminal,
        [
          { title: 'NAME', cell: ({ name, account }) => ({ text: name, style: nameStyle(account) }) },
          { title: 'CALLED BY OTHERS', cell: ({ nickname, publicName }) => (nickname === undefined ? '' : publicName) },
          { title: 'CALLS ITSELF', cell: ({ displayName }) => displayName },
          { title: 'STATE', cell: stateCell },
        ],
        contacts,
      )
      if (all.length > limit) terminal.note(`${all.length - limit} more: --limit ${all.length} shows all`)
    }
    return EXIT.done
  },
})

function stateCell({ state, isKeyChanged, verification }: Contact) {
  if (state === 'blocked') return { text: 'blocked', style: 'red' } as const
  if (isKeyChanged) return { text: 'key changed', style: 'yellow' } as const
  return verification === 'verified' ? ({ text: 'verified', style: 'green' } as const) : ''
}
