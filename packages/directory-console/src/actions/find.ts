import type { User } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { Digest } from '@parley/shared/ids.ts'
import { type VerifiedAccount, verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import { verifyDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import { SignedObjectError } from '@parley/shared/signed/jws.ts'
import { type Cell, printFields, printText } from '@parley/shared/terminal/layout.ts'
import { ago, timeWithDay } from '@parley/shared/terminal/times.ts'
import { askName, type Desk } from '#desk.ts'
import { printUsers, statusStyle } from '#user-table.ts'

type Field = readonly [name: string, value: Cell | string]

/** All that the directory says of one name, and whether its owner signed it. */
export async function find(desk: Desk): Promise<void> {
  const { terminal, directory } = desk
  const audience = audienceOf((await directory.info()).directoryKey)
  const name = await askName(desk, 'Name:')
  const user = await directory.userOrMove(name)
  if (!('record' in user)) {
    const { movedTo } = user
    const moved = movedTo === undefined ? '' : ` The directory says that its account moved to ${movedTo}.`
    printText(terminal, `Nobody holds the name ${name}.${moved}`)
    return
  }
  printFields(terminal, [...(await signedFields(desk, user, audience)), ...(await seenFields(desk, user, audience))])
}

/** Names, display names and status texts. */
export async function search(desk: Desk): Promise<void> {
  const { terminal, questions, directory } = desk
  const text = await questions.ask('Search for:')
  const users = await directory.search(text)
  if (users.length > 0) printUsers(desk, users)
  else printText(terminal, `Nothing was found for "${text}".`)
}

async function signedFields({ now }: Desk, user: User, audience: Digest): Promise<Field[]> {
  const account = await verified(user, audience)
  if (typeof account === 'string') {
    return [
      ['name', user.name],
      ['record', { text: `not to be believed: ${account}`, style: 'red' }],
    ]
  }
  const { record, devices } = account
  const at = now()
  const isOver = record.expiresAt <= at
  const { statusText } = record.profile
  return [
    ['name', { text: user.name, style: 'bold' }],
    ['called', record.displayName],
    ...(statusText === undefined ? [] : [['status text', statusText] as const]),
    ['account', record.accountId],
    ['record', { text: 'signed by the account, for this directory and this name', style: 'green' }],
    ['', `number ${record.seq}, log index ${user.logIndex}, issued ${timeWithDay(record.issuedAt, at)}`],
    [isOver ? 'expired' : 'expires', { text: timeWithDay(record.expiresAt, at), style: isOver ? 'red' : undefined }],
    ['devices', `${devices.length}${record.revoked.length > 0 ? `, ${record.revoked.length} revoked` : ''}`],
  ]
}

/** What the record proves, or why it proves nothing. */
async function verified(user: User, audience: Digest): Promise<VerifiedAccount | string> {
  try {
    const account = await verifyAccountRecord(user.record, audience)
    if (account.record.name === user.name) return account
    return `it was signed for the name ${account.record.name}`
  } catch (error) {
    if (error instanceof SignedObjectError) return `${error.message} (${error.code})`
    throw error
  }
}

async function seenFields({ now }: Desk, user: User, audience: Digest): Promise<Field[]> {
  const endpoints = await Promise.all(user.devices.map((statement) => endpointsOf(statement, audience)))
  return [
    ['now', { text: user.status, style: statusStyle(user.status) }],
    ...(user.lastSeen === undefined ? [] : [['last seen', ago(user.lastSeen, now())] as const]),
    ['seen at', user.observedAddress ?? 'an address that the directory does not tell'],
    ...endpoints.map((text, index) => [index === 0 ? 'reachable at' : '', text] as const),
  ]
}

async function endpointsOf(statement: string, audience: Digest): Promise<string> {
  try {
    const { endpoints } = await verifyDeviceStatement(statement, audience)
    return endpoints.map(({ transport, host, port }) => `${transport} ${host} port ${port}`).join(', ') || 'nowhere'
  } catch (error) {
    if (error instanceof SignedObjectError) return `a statement that is not to be believed: ${error.message}`
    throw error
  }
}
