import { isIP } from 'node:net'
import { printText } from '@parley/shared/terminal/layout.ts'
import { ConsoleError } from '#console-error.ts'
import type { Desk } from '#desk.ts'
import { printUsers } from '#user-table.ts'

const PAGE = '20'

/** Everybody, page by page. */
export function list(desk: Desk): Promise<void> {
  return showPages(desk, {}, 'Nobody is registered here.')
}

/** Who is online now, page by page. */
export function listOnline(desk: Desk): Promise<void> {
  return showPages(desk, { status: 'online' }, 'Nobody is online.')
}

/** Who was seen at an address. */
export async function findByAddress(desk: Desk): Promise<void> {
  const ip = await desk.questions.ask('IP address:', { hint: 'v4 or v6, exact' })
  if (isIP(ip) === 0)
    throw new ConsoleError('bad-answer', `"${ip}" is not an IP address, such as 192.0.2.7 or 2001:db8::7.`)
  await showPages(desk, { ip }, `Nobody was seen at ${ip}.`)
}

async function showPages(desk: Desk, query: Readonly<Record<string, string>>, nobody: string): Promise<void> {
  let cursor: Readonly<Record<string, string>> = {}
  for (;;) {
    const { users, next } = await desk.directory.page({ ...query, limit: PAGE, ...cursor })
    if (users.length > 0) printUsers(desk, users)
    else printText(desk.terminal, 'cursor' in cursor ? 'That was the last page.' : nobody)
    if (next === undefined) return
    const go = await desk.questions.choose('There are more:', [{ value: 'next' }, { value: 'back' }])
    if (go === 'back') return
    cursor = { cursor: next }
  }
}
