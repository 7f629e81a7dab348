import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { EXIT } from '../exit.ts'
import type { Check } from './check.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
/** Presence sockets and connections that the limits allow, and the files of the directory itself. */
const WANTED_FILES = 25_000

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 11)) return { name: 'node', state: 'good', says: `Node.js ${version}` }
  const advice = 'run it with Node.js 24.11 or newer'
  return { name: 'node', state: 'bad', says: `Node.js ${version} is too old`, advice, exitCode: EXIT.internal }
}

export function checkOpenFiles(): Check {
  const name = 'open files'
  const limit = openFileLimit()
  if (limit === undefined) return { name, state: 'good', says: 'this system does not tell its limit' }
  if (limit >= WANTED_FILES) return { name, state: 'good', says: `up to ${limit}` }
  const advice = `each connection takes one: raise the limit to ${WANTED_FILES} (LimitNOFILE= in the unit, or ulimit -n)`
  return { name, state: 'doubtful', says: `at most ${limit}`, advice }
}

function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

export function checkDisk(dataDir: string): Check {
  const { bavail, bsize } = statfsSync(nearestOf(dataDir))
  const free = bavail * bsize
  const says = `${(free / GIB).toFixed(1)} GiB free`
  if (free >= GIB) return { name: 'disk', state: 'good', says }
  const advice = 'make room: when the disk is full, writes are refused'
  if (free >= 100 * MIB) return { name: 'disk', state: 'doubtful', says, advice }
  return { name: 'disk', state: 'bad', says: `${(free / MIB).toFixed(0)} MiB free`, advice, exitCode: EXIT.io }
}

/** The path, or what of it is there. */
function nearestOf(path: string): string {
  for (let at = path; ; at = dirname(at)) if (existsSync(at) || dirname(at) === at) return at
}
