import { audienceOf } from '@parley/shared/hashes.ts'
import { verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import { printText } from '@parley/shared/terminal/layout.ts'
import { ConsoleError } from '#console-error.ts'
import { chooseUser, type Desk, loadUser, NO_USER, readName } from '#desk.ts'

/** Gives a name up. Its keys stay, because only they can take it again while it is reserved. */
export async function retire(desk: Desk): Promise<void> {
  const { terminal, questions, directory, keys } = desk
  const { directoryKey } = await directory.info()
  const name = await chooseUser(desk, 'Which name:', await keys.names(directoryKey), NO_USER)
  const user = await loadUser(desk, directoryKey, name)
  const typed = await questions.ask('Moved to which name:', { hint: 'may be empty' })
  const movedTo = typed === '' ? undefined : readName(typed)
  if (!(await questions.confirm(`Give up ${name}? Nobody else gets it for 90 days.`))) {
    printText(terminal, 'Nothing was changed.')
    return
  }
  const held = await directory.user(name)
  if (held === undefined) throw new ConsoleError('refused', `${name} is not registered: there is nothing to give up.`)
  const { record } = await verifyAccountRecord(held.record, audienceOf(directoryKey))
  const seq = record.seq + 1
  await directory.retire(name, await user.retirement(seq, movedTo, desk.now()))
  await keys.noteAccepted(directoryKey, name, { seq, digest: user.accepted.digest })
  await desk.online.disconnect(name)
  printText(terminal, `${name} is given up.`, 'green')
  printText(terminal, `Its keys stay in ${keys.path}: with them you can register it again.`, 'dim')
}
