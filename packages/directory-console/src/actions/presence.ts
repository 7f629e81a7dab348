import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { DirectoryKey, Name } from '@parley/shared/ids.ts'
import { MAX_WATCH_NAMES_PER_FRAME } from '@parley/shared/limits.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { padEnd } from '@parley/shared/terminal/text-width.ts'
import { ago, exactTime } from '@parley/shared/terminal/times.ts'
import { ConsoleError } from '#console-error.ts'
import { chooseUser, type Desk, loadUser, NO_USER, readName } from '#desk.ts'
import type { PresenceLine } from '#presence-line.ts'
import { statusStyle } from '#user-table.ts'

const NAME_COLUMNS = 20

export async function goOnline(desk: Desk): Promise<void> {
  const { directoryKey } = await desk.directory.info()
  const isOnline = new Set(desk.online.names)
  const names = await desk.keys.names(directoryKey)
  const offline = names.filter((name) => !isOnline.has(name))
  const none = names.length === 0 ? NO_USER : 'All your users are online already.'
  const name = await chooseUser(desk, 'Who goes online:', offline, none)
  await desk.online.connect(await loadUser(desk, directoryKey, name))
  printText(desk.terminal, `${name} is online until it goes offline or this console ends.`, 'green')
}

export async function goOffline(desk: Desk): Promise<void> {
  const name = await chooseUser(desk, 'Who goes offline:', desk.online.names, 'None of your users is online.')
  await desk.online.disconnect(name)
  printText(desk.terminal, `${name} is offline.`)
}

/** Live, until a key. */
export async function watch(desk: Desk): Promise<void> {
  const { terminal, questions } = desk
  const { directoryKey } = await desk.directory.info()
  const own = await desk.keys.names(directoryKey)
  if (own.length === 0) throw new ConsoleError('no-user', NO_USER)
  const typed = await questions.ask('Names to watch:', { usual: own.join(' ') })
  const names = typed.split(/[\s,]+/).map(readName)
  if (names.length > MAX_WATCH_NAMES_PER_FRAME) {
    throw new ConsoleError('bad-answer', `At most ${MAX_WATCH_NAMES_PER_FRAME} names at once.`)
  }
  const line = await someLine(desk, directoryKey, own)
  await show(desk, line, names)
  terminal.line(terminal.paint('No longer watching.', 'dim'))
}

/** The directory tells presence to those who are online themselves. */
async function someLine(desk: Desk, directoryKey: DirectoryKey, own: readonly Name[]): Promise<PresenceLine> {
  const [online] = desk.online.names
  const existing = online === undefined ? undefined : desk.online.line(online)
  if (existing !== undefined) return existing
  const name = await chooseUser(desk, 'Watching needs one of yours online. Who:', own, NO_USER)
  const line = await desk.online.connect(await loadUser(desk, directoryKey, name))
  printText(desk.terminal, `${name} is online.`, 'green')
  return line
}

async function show({ terminal, questions, now }: Desk, line: PresenceLine, names: readonly Name[]): Promise<void> {
  const stated = Promise.withResolvers<void>()
  const over = new AbortController()
  const width = Math.max(NAME_COLUMNS, ...names.map((name) => name.length))
  const shown = new Map<Name, PresenceChange['status']>()
  const print = ({ name, status, lastSeen }: PresenceChange) => {
    // The directory may tell the same again, when it knows better when somebody was last seen.
    if (shown.get(name) === status) return
    shown.set(name, status)
    const seen = lastSeen === undefined ? '' : `last seen ${ago(lastSeen, now())}`
    const state = terminal.paint(padEnd(status, 7), statusStyle(status))
    terminal.line(`${terminal.paint(exactTime(now()), 'dim')}  ${padEnd(name, width)}  ${state}  ${seen}`.trimEnd())
  }
  const watched = new Set(names)
  const unlisten = line.listen((changes) => {
    for (const change of changes.filter(({ name }) => watched.has(name))) print(change)
    stated.resolve()
  })
  const lost = line.ended.then((why) => {
    const error = new ConsoleError('unreachable', `The presence connection ended: ${why}`)
    over.abort(error)
    throw error
  })
  lost.catch(() => undefined)
  try {
    const left = questions.wait(over.signal)
    terminal.line(terminal.paint('Every change from now on. Any key ends it.', 'dim'))
    line.watch(names)
    // Whoever leaves at once sees how things stand all the same.
    await Promise.race([Promise.all([stated.promise, left]), lost])
  } finally {
    unlisten()
    line.unwatch(names)
  }
}
