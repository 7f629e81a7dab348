import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { AccountId, DirectoryKey } from '@parley/shared/ids.ts'
import type { KeyPair } from '@parley/shared/keys.ts'
import type { Database } from 'better-sqlite3'
import { CountersTable } from './counters-table.ts'
import { prepareDataDir } from './data-dir.ts'
import { openDatabase, transactionsOf } from './database.ts'
import { DevicesTable } from './devices-table.ts'
import { loadDirectoryKey } from './directory-key.ts'
import { lockDataDir } from './directory-lock.ts'
import { type CommitLimits, GroupCommit } from './group-commit.ts'
import { HeartbeatsTable } from './heartbeats-table.ts'
import { Listing } from './listing.ts'
import { LogTable } from './log-table.ts'
import { OneTimePrekeysTable } from './one-time-prekeys-table.ts'
import { PrekeyBatchesTable } from './prekey-batches-table.ts'
import { SearchIndex } from './search-index.ts'
import { rebuildSearch } from './search-rebuild.ts'
import { SearchTable } from './search-table.ts'
import { SettingsTable } from './settings-table.ts'
import { SightingsTable } from './sightings-table.ts'
import { StatementsTable } from './statements-table.ts'
import type { StoreError } from './store-error.ts'
import { watchAccounts } from './touched-accounts.ts'
import { UsersTable } from './users-table.ts'

/** Everything the directory keeps. Tables are read at any time and written only inside `commit.run`. */
export interface Store {
  readonly key: KeyPair<DirectoryKey>
  readonly commit: GroupCommit
  readonly tables: Tables
  /** Of the database, for connections that only read. */
  readonly path: string
  /** Of the write-ahead log; it shrinks at a checkpoint, which readers can hold up. */
  walBytes(): number
  /** Commits what waits, checkpoints, and frees the data directory. */
  close(): void
}

export interface Tables {
  readonly counters: CountersTable
  readonly devices: DevicesTable
  readonly heartbeats: HeartbeatsTable
  readonly listing: Listing
  readonly log: LogTable
  readonly oneTimePrekeys: OneTimePrekeysTable
  readonly prekeyBatches: PrekeyBatchesTable
  readonly search: SearchTable
  readonly searchIndex: SearchIndex
  readonly sightings: SightingsTable
  readonly statements: StatementsTable
  readonly users: UsersTable
}

export interface StoreOptions {
  readonly dataDir: string
  readonly limits: CommitLimits
  /** Called once, after an error of the disk: nothing is written any more. */
  readonly onFailed: (error: StoreError) => void
  /** Called for each row of an account that is written, before it is committed. */
  readonly touched: (accountId: AccountId) => void
}

/** Throws StoreError; a failed opening holds nothing. */
export function openStore({ dataDir, limits, onFailed, touched }: StoreOptions): Store {
  using opened = new DisposableStack()
  prepareDataDir(dataDir)
  const lock = opened.adopt(lockDataDir(dataDir), (held) => held.release())
  const path = join(dataDir, 'directory.sqlite')
  const database = opened.adopt(openDatabase(path), (open) => open.close())
  const settings = new SettingsTable(database)
  const key = loadDirectoryKey(dataDir, settings)
  const commit = new GroupCommit(transactionsOf(database), limits, onFailed)
  const tables = tablesOf(database)
  watchAccounts(database, touched)
  rebuildSearch(database, settings, tables)
  opened.move()
  return {
    key,
    commit,
    tables,
    path,
    walBytes: () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    close() {
      if (!database.open) return
      commit.close()
      try {
        if (commit.state !== 'failed') database.pragma('wal_checkpoint(TRUNCATE)')
      } finally {
        database.close()
        lock.release()
      }
    },
  }
}

function tablesOf(database: Database): Tables {
  return {
    counters: new CountersTable(database),
    devices: new DevicesTable(database),
    heartbeats: new HeartbeatsTable(database),
    listing: new Listing(database),
    log: new LogTable(database),
    oneTimePrekeys: new OneTimePrekeysTable(database),
    prekeyBatches: new PrekeyBatchesTable(database),
    search: new SearchTable(database),
    searchIndex: new SearchIndex(database),
    sightings: new SightingsTable(database),
    statements: new StatementsTable(database),
    users: new UsersTable(database),
  }
}
