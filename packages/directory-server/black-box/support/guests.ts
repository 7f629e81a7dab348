// Names that the suite takes at somebody's directory, and gives back whatever becomes of the suite: before a name is registered
// its signed retirement lies in a folder, and `run-tests` delivers it at the end, also after a failure or Ctrl-C.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Person } from '../../test/support/people.ts'

/** Above the number of every record that a test signs. */
const LAST_SEQ = 2 ** 52

/** `t-` and 48 random bits, and room for a suffix. */
export function randomName(): string {
  return `t-${randomBytes(6).toString('hex')}`
}

/** To be called before the person is registered, and again after each rotation: it takes the account key in force. */
export async function depositRetirement(folder: string, person: Person): Promise<void> {
  const retirement = await person.retirement({ seq: LAST_SEQ })
  const file = `${person.name}-${randomBytes(6).toString('hex')}.json`
  writeFileSync(join(folder, file), JSON.stringify({ name: person.name, retirement }))
}
