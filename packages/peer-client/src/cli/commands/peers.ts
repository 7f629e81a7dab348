import type { PeerInfo } from '@parley/shared/local-api/peers.ts'
import { type Cell, printTable, printText } from '@parley/shared/terminal/layout.ts'
import { span } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import { ClientFlags, clientOf, defineCommand, jsonOption, limitOption, profileOptions } from '../command.ts'
import { EXIT } from '../exit.ts'
import { nameStyle } from '../message-words.ts'

const MOST = 10_000
const USUAL = 100

export const peersCommand = defineCommand({
  syntax: 'peers',
  group: 'People:',
  summary: 'who you know, and who is connected',
  examples: [
    ['parley peers', 'connected ones first'],
    ['parley peers --json | grep connected', 'for a script'],
  ],
  options: [
    ...profileOptions(),
    limitOption('at most so many', MOST, USUAL),
    jsonOption('print one JSON object for each, a line each'),
  ],
  args: z.tuple([]),
  flags: ClientFlags.extend({ limit: z.int() }),
  run: async (cli, _args, { json, limit, ...choice }) => {
    const { terminal, now } = cli
    const client = await clientOf(cli, choice)
    const [known, conversations] = await Promise.all([client.peers(), client.conversations()])
    const unreadOf = new Map(conversations.map(({ account, unread }) => [account, unread]))
    const all = known
      .map((peer): ListedPeer => ({ ...peer, unread: unreadOf.get(peer.account) ?? 0 }))
      .toSorted(connectedFirst)
    const peers = all.slice(0, limit)
    if (json) {
      for (const peer of peers) terminal.json(peer)
      return EXIT.done
    }
    if (peers.length === 0) {
      printText(
        terminal,
        'You know nobody yet. Find people with parley find NAME, or connect by address: parley connect HOST:PORT',
      )
      return EXIT.done
    }
    printTable(
      terminal,
      [
        { title: 'NAME', cell: nameCell },
        { title: 'LINK', cell: (peer) => linkCell(peer, now()) },
        ...(peers.some(({ verification }) => verification !== 'none') ? [{ title: 'KEY', cell: keyCell }] : []),
        { title: 'NOW', cell: ({ presence }) => ({ text: presence, style: presence === 'online' ? 'green' : 'dim' }) },
        { title: 'UNREAD', align: 'right', cell: ({ unread }) => (unread === 0 ? '' : String(unread)) },
        { title: 'WAITING', align: 'right', cell: ({ waiting }) => (waiting === 0 ? '' : String(waiting)) },
        { title: 'ADDRESS', cell: ({ link }) => ('address' in link ? (link.address ?? '') : '') },
      ],
      peers,
    )
    if (all.length > limit) terminal.note(`${all.length - limit} more: --limit ${all.length} shows all`)
    return EXIT.done
  },
})

/** `unread`: texts of this account that nobody has read here; the same on each of its devices. */
interface ListedPeer extends PeerInfo {
  readonly unread: number
}

const ORDER = { connected: 0, connecting: 1, waiting: 2, idle: 3 } as const

function connectedFirst(a: PeerInfo, b: PeerInfo): number {
  return ORDER[a.link.state] - ORDER[b.link.state] || a.name.localeCompare(b.name)
}

function nameCell({ name, account, isNameVerified }: PeerInfo): Cell {
  return { text: isNameVerified ? name : `${name} (says so itself)`, style: nameStyle(account) }
}

const KEY_WORDS: Readonly<Record<PeerInfo['verification'], Cell>> = {
  none: { text: '' },
  verified: { text: 'verified', style: 'green' },
  'rotated-since': { text: 'rotated since verified', style: 'yellow' },
}

function keyCell({ verification }: PeerInfo): Cell {
  return KEY_WORDS[verification]
}

function linkCell({ link, isKeyChanged }: PeerInfo, now: number): Cell {
  return isKeyChanged ? { text: 'key changed: nothing is sent', style: 'yellow' } : linkWords(link, now)
}

export function linkWords(link: PeerInfo['link'], now: number): Cell {
  switch (link.state) {
    case 'connected': {
      const trip = link.roundTripMs === undefined ? '' : `, ${Math.max(1, Math.round(link.roundTripMs))} ms`
      return { text: `connected, ${link.path}${trip}`, style: 'green' }
    }
    case 'connecting':
      return { text: 'connecting' }
    case 'waiting': {
      const why = link.lastError === undefined ? '' : ` (${link.lastError})`
      return { text: `next try in ${span(link.until - now)}${why}` }
    }
    case 'idle':
      return { text: 'not connected', style: 'dim' }
  }
}
