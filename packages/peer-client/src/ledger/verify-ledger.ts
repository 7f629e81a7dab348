import { realpathSync } from 'node:fs'
import { checkBetween } from './between-devices.ts'
import { asLedgerError, dataFileOf, LedgerDatabase, type LockedDatabase } from './ledger-database.ts'
import { LedgerError } from './ledger-error.ts'
import { Findings, type LedgerReport } from './ledger-report.ts'
import { checkOwnBooks } from './own-books.ts'
import { checkStreams } from './streams.ts'

/**
 * Proves from the databases alone that nothing was lost, doubled, reordered or ticked without being there. Each path is a profile
 * directory or the database in it, beside its key if it is encrypted; daemons may be running on them. What is wrong with a database is part of the report.
 */
export function verifyLedger(paths: readonly (string | LockedDatabase)[]): LedgerReport {
  const findings = new Findings()
  const databases: LedgerDatabase[] = []
  try {
    for (const locked of distinct(paths)) {
      guard(locked.path, findings, () => databases.push(LedgerDatabase.open(locked)))
    }
    const sound = unclonedOf(databases, findings).filter((database) => isReadable(database, findings))
    guard(sound.map(({ path }) => path).join(', '), findings, () => checkBetween(sound, findings))
    findings.checked.databases = sound.length
    return findings.report()
  } finally {
    for (const database of databases) database.close()
  }
}

/** One path each, although a database may be given as a directory, as a file and through a link. */
function distinct(paths: readonly (string | LockedDatabase)[]): LockedDatabase[] {
  const byFile = new Map<string, LockedDatabase>()
  for (const given of paths) {
    const locked = typeof given === 'string' ? { path: given, key: undefined } : given
    byFile.set(realPathOf(locked.path), locked)
  }
  return [...byFile.values()]
}

function realPathOf(path: string): string {
  try {
    return realpathSync(dataFileOf(path))
  } catch {
    return path
  }
}

function unclonedOf(databases: readonly LedgerDatabase[], findings: Findings): LedgerDatabase[] {
  const byDevice = new Map<string, LedgerDatabase>()
  for (const database of databases) {
    const twin = byDevice.get(database.device)
    if (twin === undefined) byDevice.set(database.device, database)
    else
      findings.add('cloned', { database: database.path, device: database.device }, `${twin.path} is of the same device`)
  }
  return [...byDevice.values()]
}

function isReadable(database: LedgerDatabase, findings: Findings): boolean {
  return guard(database.path, findings, () => {
    database.takeSnapshot()
    checkStreams(database, findings)
    checkOwnBooks(database, findings)
  })
}

/** False when the database turned out to be damaged, or not one at all; that is then a finding. */
function guard(path: string, findings: Findings, work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    const named = asLedgerError(error)
    if (!(named instanceof LedgerError)) throw error
    findings.add(named.code, { database: path }, named.message)
    return false
  }
}
