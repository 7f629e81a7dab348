import { type Inspection, inspectStore } from '#store/inspection.ts'
import { EXIT } from '../exit.ts'
import type { Check } from './check.ts'

const MIB = 2 ** 20
const CLOCK_SLACK_MS = 5 * 60_000

export function checkData(dataDir: string, now: number): Check[] {
  const data = inspectStore(dataDir)
  if (data === undefined) {
    return [{ name: 'data', state: 'good', says: `nothing in ${dataDir} yet; the first start makes it` }]
  }
  return [
    checkModes(data, dataDir),
    checkSchema(data),
    checkIntegrity(data),
    checkKey(data),
    checkWal(data),
    checkClock(data, now),
  ]
}

function checkModes({ unsafe }: Inspection, dataDir: string): Check {
  const [first] = unsafe
  if (first === undefined) return { name: 'permissions', state: 'good', says: `only its user can enter ${dataDir}` }
  return { name: 'permissions', state: 'bad', says: unsafe.join('; '), exitCode: EXIT.unsafe }
}

function checkSchema({ schema, knownSchema }: Inspection): Check {
  const name = 'schema'
  if (schema === knownSchema) return { name, state: 'good', says: `version ${schema}` }
  if (schema < knownSchema) {
    return {
      name,
      state: 'doubtful',
      says: `version ${schema}`,
      advice: `the next start makes it ${knownSchema}; back up first`,
    }
  }
  const says = `version ${schema}, and this program knows ${knownSchema}`
  return { name, state: 'bad', says, advice: 'install the newer version again', exitCode: EXIT.internal }
}

function checkIntegrity({ complaints }: Inspection): Check {
  if (complaints.length === 0) return { name: 'database', state: 'good', says: 'integrity_check: ok' }
  const advice = 'stop the directory, keep a copy of the data directory, and restore the last backup'
  return { name: 'database', state: 'bad', says: complaints.join('; '), advice, exitCode: EXIT.io }
}

const KEY_SAYS = {
  missing: 'directory.key is missing',
  unreadable: 'directory.key does not hold a key',
  another: 'directory.key is not the key of this database',
} as const

function checkKey({ key }: Inspection): Check {
  if (key === 'fits') return { name: 'key', state: 'good', says: 'the key fits the database' }
  return { name: 'key', state: 'bad', says: KEY_SAYS[key], advice: 'restore it from a backup', exitCode: EXIT.internal }
}

function checkWal({ walBytes }: Inspection): Check {
  const says = `${(walBytes / MIB).toFixed(1)} MiB`
  if (walBytes < 256 * MIB) return { name: 'write-ahead log', state: 'good', says }
  return {
    name: 'write-ahead log',
    state: 'doubtful',
    says,
    advice: 'a long reader holds it up: a backup, or sqlite3?',
  }
}

function checkClock({ writtenAt }: Inspection, now: number): Check {
  const name = 'clock'
  if (writtenAt <= now + CLOCK_SLACK_MS) return { name, state: 'good', says: new Date(now).toISOString() }
  const says = `it is ${new Date(now).toISOString()}, but the database was written at ${new Date(writtenAt).toISOString()}`
  const advice = 'set the clock (timedatectl): records expire by it'
  return { name, state: 'bad', says, advice, exitCode: EXIT.internal }
}
