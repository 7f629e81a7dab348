import type { DaemonStatus, DirectoryState } from '@parley/shared/local-api/status.ts'
import { type Cell, printFields } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { span, timeWithDay } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { count, shortId } from '../message-words.ts'

export const statusCommand = defineCommand({
  syntax: 'status',
  group: 'Your peer:',
  summary: 'how your peer is doing',
  examples: [
    ['parley status', 'a few lines'],
    ['parley status --json', 'the same for a program'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([]),
  flags: ClientFlags,
  run: async (cli, _args, { json, ...choice }) => {
    const { terminal, now } = cli
    const status = await (await clientOf(cli, choice)).status()
    if (json) {
      terminal.json(status)
      return EXIT.done
    }
    terminal.line(
      `${terminal.paint(printable(status.name), 'bold')} has been running for ${span(now() - status.startedAt)}`,
    )
    printFields(terminal, [
      ['account', shortId(status.account)],
      ['listening', status.listening.join(', ') || 'nowhere'],
      ['directory', directoryWords(status.directory, now())],
      ['connected', count(status.connected, 'peer')],
      ['waiting', `${count(status.waiting, 'message')} not delivered yet`],
      ['unread', count(status.unread, 'message')],
      ['contacts', `${status.contacts.known}, ${status.contacts.verified} verified`],
      ...copies(status.copiedAt, now()),
      ...keyChanges(status.contacts.keyChanged),
      ...status.troubles.map(troubleWords),
      ['profile', status.profile],
      ['process', `${status.pid}, version ${status.version}`],
    ])
    return EXIT.done
  },
})

function copies(at: number | undefined, now: number): [string, Cell][] {
  if (at === undefined) return []
  const text = `two processes use this profile, said another peer ${span(now - at)} ago: it was copied. Stop one of them for good`
  return [['copied', { text, style: 'yellow' }]]
}

function keyChanges(names: readonly string[]): [string, Cell][] {
  if (names.length === 0) return []
  const text = `${names.join(', ')}: nothing is sent. parley accept-key NAME tells more`
  return [['key changed', { text, style: 'yellow' }]]
}

function troubleWords({ name, missing, forks }: DaemonStatus['troubles'][number]): [string, Cell] {
  const parts = [
    ...(missing > 0 ? [`${count(missing, 'message')} missing`] : []),
    ...(forks > 0 ? [`contradicted ${count(forks, 'time')}`] : []),
  ]
  return ['look at', { text: `${name}: ${parts.join(', ')}. parley history ${name} tells more`, style: 'yellow' }]
}

export function directoryWords(directory: DirectoryState, now: number): string {
  switch (directory.state) {
    case 'none':
      return 'none; others reach you by address'
    case 'connecting':
      return `${directory.url}, connecting`
    case 'online':
      return `${directory.url}, online since ${timeWithDay(directory.since, now)}`
    case 'waiting':
      return `${directory.url}, not reached (${directory.lastError}); next try in ${span(directory.until - now)}`
  }
}
