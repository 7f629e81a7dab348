import type { UserSummary } from '@parley/shared/directory-api/users.ts'
import { type Column, printTable } from '@parley/shared/terminal/layout.ts'
import type { Style } from '@parley/shared/terminal/terminal.ts'
import { ago } from '@parley/shared/terminal/times.ts'
import type { Desk } from '#desk.ts'

export function statusStyle(status: 'online' | 'offline'): Style {
  return status === 'online' ? 'green' : 'dim'
}

/** One row for each; a column without anything in it is left out. */
export function printUsers({ terminal, now }: Desk, users: readonly UserSummary[]): void {
  const at = now()
  const columns: Column<UserSummary>[] = [
    { title: 'NAME', cell: ({ name }) => ({ text: name, style: 'bold' }) },
    { title: 'CALLED', cell: ({ displayName }) => displayName },
    { title: 'NOW', cell: ({ status }) => ({ text: status, style: statusStyle(status) }) },
    { title: 'LAST SEEN', cell: ({ lastSeen }) => (lastSeen === undefined ? '' : ago(lastSeen, at)) },
    { title: 'ADDRESS', cell: ({ observedAddress }) => observedAddress ?? '' },
    { title: 'STATUS TEXT', cell: ({ statusText }) => statusText ?? '' },
  ]
  const isUsed = ({ cell }: Column<UserSummary>) =>
    users.some((user) => {
      const shown = cell(user)
      return (typeof shown === 'string' ? shown : shown.text) !== ''
    })
  printTable(terminal, columns.filter(isUsed), users)
}
