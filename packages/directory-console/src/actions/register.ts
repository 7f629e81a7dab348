import { audienceOf, digestOf } from '@parley/shared/hashes.ts'
import type { DirectoryKey } from '@parley/shared/ids.ts'
import { MAX_DISPLAY_NAME_CHARS, MAX_STATUS_TEXT_CHARS } from '@parley/shared/limits.ts'
import { verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { ConsoleError } from '#console-error.ts'
import { askName, type Desk } from '#desk.ts'
import { RefusedError } from '#directory.ts'
import type { Accepted, OwnUser } from '#own-user.ts'

/** A new user, or a new record of one whose keys are here. */
export async function register(desk: Desk): Promise<void> {
  const { terminal, questions, directory, keys } = desk
  const { directoryKey } = await directory.info()
  const name = await askName(desk, 'Name:')
  const known = await keys.load(directoryKey, name)
  if (known !== undefined) printText(terminal, `You hold the keys of ${name}: this publishes a new record.`, 'dim')
  const displayName = await questions.ask('Shown as:', { usual: name })
  if (displayName.length > MAX_DISPLAY_NAME_CHARS) throw tooLong('what is shown', MAX_DISPLAY_NAME_CHARS)
  const statusText = await questions.ask('Status text:', { hint: 'may be empty' })
  if (statusText.length > MAX_STATUS_TEXT_CHARS) throw tooLong('a status text', MAX_STATUS_TEXT_CHARS)

  // Before the directory hears of them: a name whose keys are lost is lost for everybody.
  const user = known ?? (await keys.make(directoryKey, name))
  const before = await lastAccepted(desk, user, directoryKey)
  const record = await user.record({ displayName, statusText }, before, desk.now())
  try {
    await directory.putRecord(name, record)
  } catch (error) {
    if (known === undefined && isRefused(error)) await keys.remove(directoryKey, name)
    throw error
  }
  await keys.noteAccepted(directoryKey, name, { seq: before.seq + 1, digest: digestOf(record) })
  printText(
    terminal,
    known === undefined ? `${name} is registered.` : `The new record of ${name} is in force.`,
    'green',
  )
  if (known === undefined) printText(terminal, `Its keys are in ${keys.path}, and nowhere else.`, 'dim')
}

/** By the directory itself, else by our own notes: after a retirement only they know. */
async function lastAccepted({ directory }: Desk, user: OwnUser, directoryKey: DirectoryKey): Promise<Accepted> {
  const held = await directory.user(user.name)
  if (held === undefined || held.accountId !== user.accountId) return user.accepted
  const { record } = await verifyAccountRecord(held.record, audienceOf(directoryKey))
  return { seq: record.seq, digest: digestOf(held.record) }
}

/** Then new keys are good for nothing. After a broken connection nobody knows, and they stay. */
function isRefused(error: unknown): boolean {
  return error instanceof RefusedError
}

function tooLong(what: string, chars: number): ConsoleError {
  return new ConsoleError('bad-answer', `That is too long: ${what} has at most ${chars} characters.`)
}
