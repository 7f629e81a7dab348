import { stat } from 'node:fs/promises'
import type { ApiClient } from '@parley/api-client'
import { MAX_UNREAD_COUNTED } from '@parley/shared/limits.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { digits } from '@parley/shared/terminal/digits.ts'
import { type Cell, printFields, printTable, printText } from '@parley/shared/terminal/layout.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { padEnd, widthOf } from '@parley/shared/terminal/text-width.ts'
import { span } from '@parley/shared/terminal/times.ts'
import { z } from 'zod'
import type { KnownProfile, ProfileChoice } from '../actions.ts'
import { type Cli, ClientFlags, clientOf, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { choiceWords, findDaemon } from '../daemon-connection.ts'
import { CliError, EXIT } from '../exit.ts'
import { shortId } from '../message-words.ts'
import { directoryWords } from './status.ts'

const MAX_NAMED = 5
const NEXT_COMMANDS = 3

type Next = readonly [command: string, meaning: string]

export const overviewCommand = defineCommand({
  syntax: 'overview',
  group: 'Your peer:',
  summary: 'what is going on, and what to do next; parley alone does the same',
  examples: [
    ['parley', 'who is online, what is unread, what waits'],
    ['parley --name alice', 'of that profile, when there are several'],
    ['parley overview --json', 'the same for a program'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([]),
  flags: ClientFlags,
  run: async (cli, _args, { json, ...choice }) => {
    const profile = await choose(cli, choice)
    if (typeof profile !== 'string') {
      if (json) cli.terminal.json({ profiles: await Promise.all(profile.map(withState)) })
      else await showProfiles(cli, profile)
      return EXIT.done
    }
    if ((await findDaemon(profile)) === undefined) {
      if (json) cli.terminal.json({ profile, isRunning: false })
      else await showStopped(cli, profile, choiceWords(choice))
      return EXIT.done
    }
    const client = await clientOf(cli, choice)
    const [status, conversations] = await Promise.all([client.status(), client.conversations()])
    if (json) cli.terminal.json({ profile, isRunning: true, status, conversations })
    else await showRunning(cli, client, { status, conversations }, choiceWords(choice))
    return EXIT.done
  },
})

/** The profile that is meant, or all when nobody can know which. */
async function choose({ actions }: Cli, choice: ProfileChoice): Promise<string | readonly KnownProfile[]> {
  try {
    return await actions.locateProfile(choice)
  } catch (error) {
    if (!(error instanceof CliError) || !['no-profile', 'several-profiles'].includes(error.code)) throw error
    return await actions.knownProfiles()
  }
}

async function withState(profile: KnownProfile): Promise<KnownProfile & { readonly isRunning: boolean }> {
  return { ...profile, isRunning: (await findDaemon(profile.path)) !== undefined }
}

const BEGINNING: readonly Next[] = [
  ['parley restore FILE', 'go on from a backup'],
  ['parley --help', 'all commands'],
]

async function showProfiles(cli: Cli, profiles: readonly KnownProfile[]): Promise<void> {
  const { terminal } = cli
  if (profiles.length === 0) {
    printText(terminal, 'There is no profile on this machine yet.')
    showNext(cli, [
      ['parley start', 'make one in your browser, and run it'],
      ['parley start --name NAME --directory URL', 'the same without a browser'],
      ['parley restore FILE', 'go on from a backup'],
    ])
    return
  }
  const states = await Promise.all(profiles.map(withState))
  printTable(
    terminal,
    [
      { title: 'NAME', cell: ({ name }) => ({ text: name, style: 'bold' }) },
      { title: 'NOW', cell: ({ isRunning }) => (isRunning ? { text: 'running', style: 'green' } : 'stopped') },
      { title: 'PROFILE', cell: ({ path }) => path },
    ],
    states,
  )
  const running = states.find(({ isRunning }) => isRunning) ?? states[0]
  const stopped = states.find(({ isRunning }) => !isRunning)
  showNext(cli, [
    [`parley --name ${running?.name}`, 'what is going on there'],
    stopped === undefined
      ? [`parley chat --name ${running?.name}`, 'read and write']
      : [`parley start --name ${stopped.name}`, 'run that peer'],
    ['parley --help', 'all commands'],
  ])
}

async function showStopped(cli: Cli, profile: string, choice: string): Promise<void> {
  const isThere = await stat(profile).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    printText(cli.terminal, `There is no profile in ${profile} yet.`)
    showNext(cli, [[`parley start${choice}`, 'make it, and run it'], ...BEGINNING])
    return
  }
  printText(
    cli.terminal,
    'Your peer is not running. What others write to you waits with them, and goes out when you are back.',
  )
  printFields(cli.terminal, [['profile', profile]])
  showNext(cli, [
    [`parley start${choice}`, 'run it, until Ctrl-C'],
    [`parley backup FILE${choice}`, 'a copy of everything, for another machine'],
    ['parley --help', 'all commands'],
  ])
}

interface Now {
  readonly status: DaemonStatus
  readonly conversations: readonly ConversationInfo[]
}

async function showRunning(cli: Cli, client: ApiClient, now: Now, choice: string): Promise<void> {
  const { terminal } = cli
  const { status, conversations } = now
  const isThere = ({ isConnected, presence }: ConversationInfo) => isConnected || presence === 'online'
  terminal.line(
    `${terminal.paint(printable(status.name), 'bold')} has been running for ${span(cli.now() - status.startedAt)}`,
  )
  const changed = conversations.filter(({ isKeyChanged }) => isKeyChanged)
  printFields(terminal, [
    ['account', shortId(status.account)],
    ['address', status.listening.join(', ') || 'listens nowhere'],
    ['directory', directoryWords(status.directory, cli.now())],
    ['online', names(conversations.filter(isThere)) || (conversations.length === 0 ? 'you know nobody yet' : 'nobody')],
    ['unread', counted(conversations, ({ unread }) => unread) || 'nothing'],
    ['waiting', counted(conversations, ({ waiting }) => waiting) || 'nothing'],
    ...(changed.length === 0 ? [] : [keyChange(changed)]),
  ])
  showNext(cli, await nextCommands(client, now, choice))
}

function names(conversations: readonly ConversationInfo[]): string {
  const shown = conversations.slice(0, MAX_NAMED).map(({ name }) => name)
  const more = conversations.length - shown.length
  return [...shown, ...(more > 0 ? [`${digits(more)} more`] : [])].join(', ')
}

/** `3 from bob, 1 from carol`, the most first. */
function counted(conversations: readonly ConversationInfo[], number: (one: ConversationInfo) => number): string {
  const some = conversations.filter((one) => number(one) > 0).toSorted((a, b) => number(b) - number(a))
  const shown = some.slice(0, MAX_NAMED).map((one) => `${howMany(number(one))} ${one.name}`)
  const more = some.length - shown.length
  return [...shown, ...(more > 0 ? [`${digits(more)} more`] : [])].join(', ')
}

function howMany(number: number): string {
  return number >= MAX_UNREAD_COUNTED ? `${MAX_UNREAD_COUNTED}+` : digits(number)
}

function keyChange(changed: readonly ConversationInfo[]): [string, Cell] {
  return ['key changed', { text: `${names(changed)}: nothing is sent to them until you decide`, style: 'yellow' }]
}

/** What is most likely wanted now, the most urgent first. */
async function nextCommands(client: ApiClient, { status, conversations }: Now, choice: string): Promise<Next[]> {
  const next: Next[] = []
  const changed = conversations.find(({ isKeyChanged }) => isKeyChanged)
  if (changed !== undefined) next.push([`parley accept-key ${word(changed)}${choice}`, 'look at the key, and decide'])
  const unread = conversations.find(({ unread }) => unread > 0)
  if (unread !== undefined) next.push([`parley history ${word(unread)}${choice}`, 'what is new'])
  const waiting = conversations.find(({ waiting, isKeyChanged }) => waiting > 0 && !isKeyChanged)
  if (waiting !== undefined) {
    const id = await newestWaiting(client, waiting)
    if (id !== undefined) next.push([`parley why ${id}${choice}`, `why ${waiting.name} does not have it yet`])
  }
  if (conversations.length === 0) {
    next.push(
      status.directory.state === 'none'
        ? [`parley connect HOST:PORT${choice}`, 'reach somebody by address']
        : [`parley find NAME${choice}`, 'look somebody up'],
      [`parley send NAME hello${choice}`, 'write; it waits here until they are online'],
    )
  }
  next.push(
    [`parley chat${choice}`, 'read and write in this terminal'],
    [`parley open${choice}`, 'the same in a browser'],
    ['parley --help', 'all commands'],
  )
  return next.slice(0, NEXT_COMMANDS)
}

async function newestWaiting(client: ApiClient, { account }: ConversationInfo): Promise<string | undefined> {
  const { messages } = await client.history(account)
  return messages.find(({ state }) => state === 'queued' || state === 'sent')?.id
}

/** As it has to be typed: a name that is no word, or that nobody vouches for, gives way to the id. */
function word({ name, account, isNameVerified }: ConversationInfo): string {
  return isNameVerified && PLAIN_NAME.test(name) ? name : account
}

const PLAIN_NAME = /^[a-z0-9][a-z0-9._@:-]*$/

function showNext({ terminal }: Cli, next: readonly Next[]): void {
  const width = Math.max(...next.map(([command]) => widthOf(command)))
  terminal.line()
  for (const [command, meaning] of next) {
    const isWide = terminal.columns !== undefined && width + widthOf(meaning) + 4 > terminal.columns
    const shown = isWide ? command : padEnd(command, width)
    const said = terminal.paint(printable(meaning), 'dim')
    if (isWide) for (const line of [`  ${terminal.paint(shown, 'cyan')}`, `    ${said}`]) terminal.line(line)
    else terminal.line(`  ${terminal.paint(shown, 'cyan')}  ${said}`)
  }
}
