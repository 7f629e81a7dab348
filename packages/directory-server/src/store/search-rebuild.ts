import type { Database } from 'better-sqlite3'
import type { SearchTable } from './search-table.ts'
import type { SettingsTable } from './settings-table.ts'
import type { UsersTable } from './users-table.ts'

const SETTING = 'search-index'
/** Rises when `search-text.ts` folds or splits differently: what is indexed then no longer fits what is asked. */
const VERSION = '1'
const BATCH = 1_000

/** Fills the search index of a database that was made before this way of indexing. */
export function rebuildSearch(
  database: Database,
  settings: SettingsTable,
  { search, users }: { readonly search: SearchTable; readonly users: UsersTable },
): void {
  if (settings.get(SETTING) === VERSION) return
  database.transaction(() => {
    search.clear()
    let after: string | undefined = ''
    while (after !== undefined) {
      const page = users.page(after, BATCH)
      for (const user of page) search.put(user)
      after = page.at(-1)?.name
    }
    settings.put(SETTING, VERSION)
  })()
}
