import type { DirectoryKey, Name } from '@parley/shared/ids.ts'
import { foldName } from '@parley/shared/ids.ts'
import type { Terminal } from '@parley/shared/terminal/terminal.ts'
import { ConsoleError } from '#console-error.ts'
import type { Directory } from '#directory.ts'
import type { KeyFolder } from '#key-folder.ts'
import type { OnlineUsers } from '#online-users.ts'
import type { OwnUser } from '#own-user.ts'
import type { Questions } from '#questions.ts'

/** What the actions of the menu work with. */
export interface Desk {
  readonly terminal: Terminal
  readonly questions: Questions
  readonly directory: Directory
  readonly keys: KeyFolder
  readonly online: OnlineUsers
  readonly now: () => number
}

const NAME_RULE = 'a name is 1 to 32 of a-z 0-9 . _ - and begins and ends with a letter or digit'

/** Rejects with ConsoleError `bad-answer`. */
export async function askName({ questions }: Desk, question: string): Promise<Name> {
  return readName(await questions.ask(question))
}

export function readName(typed: string): Name {
  const name = foldName(typed)
  if (name !== undefined) return name
  throw new ConsoleError('bad-answer', `"${typed}" cannot be a name: ${NAME_RULE}.`)
}

/** One of these users of mine. Rejects with ConsoleError `no-user` when there is none. */
export async function chooseUser(desk: Desk, question: string, names: readonly Name[], none: string): Promise<Name> {
  if (names.length === 0) throw new ConsoleError('no-user', none)
  const isOnline = new Set(desk.online.names)
  const choices = names.map((value) => ({ value, ...(isOnline.has(value) && { about: 'online' }) }))
  return await desk.questions.choose(question, choices)
}

export const NO_USER = 'You hold no keys of this directory yet: register a user first.'

/** Rejects with ConsoleError `no-user`. */
export async function loadUser({ keys }: Desk, directoryKey: DirectoryKey, name: Name): Promise<OwnUser> {
  const user = await keys.load(directoryKey, name)
  if (user === undefined) throw new ConsoleError('no-user', `The keys of ${name} are no longer in ${keys.path}.`)
  return user
}
