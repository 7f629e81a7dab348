import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import { printTable, printText } from '@parley/shared/terminal/layout.ts'
import { ago } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import {
  ClientFlags,
  clientOf,
  defineCommand,
  jsonOption,
  limitOption,
  NameArgument,
  profileOptions,
} from '../command.ts'
import { EXIT } from '../exit.ts'
import { nameStyle } from '../message-words.ts'

const MOST = 200
const USUAL = 20

export const findCommand = defineCommand({
  syntax: 'find <query>',
  group: 'People:',
  summary: 'look for somebody in the directory',
  details: 'QUERY is a name, a part of what somebody is called or says of themselves, or an IP address.',
  examples: [
    ['parley find bob', 'who holds this name, and whether they are online'],
    ['parley find ann', 'everybody with ann in the name, display name or status'],
    ['parley find 192.0.2.7', 'who was seen at this address'],
  ],
  options: [
    ...profileOptions(),
    limitOption('at most so many', MOST, USUAL),
    jsonOption('print one JSON object for each, a line each'),
  ],
  args: z.tuple([NameArgument]),
  flags: ClientFlags.extend({ limit: z.int() }),
  run: async (cli, [query], { json, limit, ...choice }) => {
    const { terminal, now } = cli
    const found = (await (await clientOf(cli, choice)).find(query)).slice(0, limit)
    if (json) {
      for (const user of found) terminal.json(user)
    } else if (found.length === 0) {
      printText(terminal, `Nobody is found by "${query}". Check the spelling, or ask for the address of their peer.`)
    } else {
      printTable(
        terminal,
        [
          { title: 'NAME', cell: ({ name, account }) => ({ text: name, style: nameStyle(account) }) },
          { title: 'CALLED', cell: ({ displayName }) => displayName },
          { title: 'NOW', cell: ({ status }) => ({ text: status, style: status === 'online' ? 'green' : 'dim' }) },
          { title: 'LAST SEEN', cell: ({ lastSeen }) => (lastSeen === undefined ? '' : ago(lastSeen, now())) },
          { title: 'ADDRESS', cell: ({ address }) => address ?? '' },
          ...(found.some(({ statusText }) => statusText)
            ? [{ title: 'SAYS', cell: ({ statusText }: FoundUser) => statusText ?? '' }]
            : []),
        ],
        found,
      )
      for (const { name, movedFrom } of found) {
        if (movedFrom !== undefined) printText(terminal, `${movedFrom} was given up: the same person is ${name} now.`)
      }
      for (const { name } of found.filter(({ isSomebodyElse }) => isSomebodyElse)) {
        printText(terminal, `This is not the ${name} you know: the directory names another key. Nothing is sent to it.`)
      }
    }
    return found.length === 0 ? EXIT.unknownName : EXIT.done
  },
})
