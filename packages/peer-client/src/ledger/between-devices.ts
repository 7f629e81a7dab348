// What devices say of each other. While daemons run, two databases are never read at the same moment; what keeps the checks
// fair is that nothing here is ever taken back, so it is enough to look at the accused last.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { LedgerDatabase, LedgerStream, Tick } from './ledger-database.ts'
import type { Findings, Place } from './ledger-report.ts'
import { isSameHash } from './same-hash.ts'

export function checkBetween(databases: readonly LedgerDatabase[], findings: Findings): void {
  for (const author of databases) {
    const others = databases.filter((other) => other !== author)
    author.takeSnapshot()
    for (const other of others) other.takeSnapshot()
    for (const stream of author.streamsOf(author.device)) {
      checkTicks(author, stream, others, findings)
      checkConfirmed(author, stream, others, findings)
    }
    author.takeSnapshot()
    for (const holder of others) checkHeld(author, holder, findings)
  }
  checkOfOthers(databases, findings)
}

/** Every tick of the author against what the recipient's devices hold. */
function checkTicks(
  author: LedgerDatabase,
  stream: LedgerStream,
  others: readonly LedgerDatabase[],
  findings: Findings,
): void {
  const copies = new Map<DeviceKey, Copy>()
  for (const holder of others) copies.set(holder.device, { holder, stream: holder.stream(stream.device, stream.epoch) })
  for (const tick of author.ticks(stream)) {
    const isThere = [...copies.values()].some((copy) => copy.holder.account === tick.account && isProven(copy, tick))
    if (isThere || isProvenEarlier(author, stream, tick, others)) {
      findings.checked.delivered += 1
      continue
    }
    const confirmer = copies.get(tick.device)
    if (confirmer === undefined) findings.notChecked(tick.account, 'delivered', 1)
    else judge(author, stream, tick, confirmer, findings)
  }
}

interface Copy {
  readonly holder: LedgerDatabase
  /** Undefined when nothing of it is held there. */
  readonly stream: LedgerStream | undefined
}

function isProven({ holder, stream }: Copy, { seq, hash }: Tick): boolean {
  const held = stream === undefined ? undefined : holder.held(stream, seq)
  return held !== undefined && stream !== undefined && !isEarly(stream, seq) && isEqualBytes(held.hash, hash)
}

/** It was delivered where it stood before its epoch was closed. */
function isProvenEarlier(
  author: LedgerDatabase,
  stream: LedgerStream,
  { seq, account }: Tick,
  others: readonly LedgerDatabase[],
): boolean {
  for (const place of author.earlierPlaces(stream, seq)) {
    const mine = author.held(place.stream, place.seq)
    const isThere = others.some((holder) => {
      const copy = holder.stream(place.stream.device, place.stream.epoch)
      const held = copy === undefined || isEarly(copy, place.seq) ? undefined : holder.held(copy, place.seq)
      return holder.account === account && isSameHash(mine?.hash ?? null, held?.hash ?? null)
    })
    if (isThere) return true
  }
  return false
}

function isEarly({ upTo }: LedgerStream, seq: number): boolean {
  return seq > upTo
}

function judge(
  author: LedgerDatabase,
  stream: LedgerStream,
  tick: Tick,
  { holder, stream: copy }: Copy,
  findings: Findings,
): void {
  const { seq } = tick
  const where = { database: author.path, device: stream.device, epoch: stream.epoch, seq }
  const held = copy === undefined ? undefined : holder.held(copy, seq)
  if (copy !== undefined && held === undefined && seq >= copy.base && seq <= copy.upTo) {
    findings.add('lost', { ...where, database: holder.path }, `it was delivered, and is gone from ${holder.path}`)
    return
  }
  const reason =
    copy === undefined
      ? 'holds nothing of the stream'
      : held === undefined
        ? `holds positions ${copy.base} to ${copy.upTo}`
        : isEarly(copy, seq)
          ? 'has not placed it yet'
          : 'holds something else there'
  findings.add('false-tick', where, `it is marked as delivered, and ${holder.path} ${reason}`)
}

/** A cursor that stands as confirmed: my own other devices have no ticks, and this is their proof. */
function checkConfirmed(
  author: LedgerDatabase,
  stream: LedgerStream,
  others: readonly LedgerDatabase[],
  findings: Findings,
): void {
  const find = author.database
    .prepare<[number, DeviceKey], number>(
      'SELECT confirmed_to FROM cursors WHERE stream = ? AND device = ? AND confirmed_to >= base',
    )
    .pluck()
  for (const holder of others) {
    const confirmedTo = find.get(stream.id, holder.device)
    const heldTo = holder.stream(stream.device, stream.epoch)?.upTo ?? 0
    if (confirmedTo === undefined || heldTo >= confirmedTo || stream.closed !== 0) continue
    const where: Place = { database: author.path, device: stream.device, epoch: stream.epoch, seq: confirmedTo }
    findings.add('false-tick', where, `${holder.path} is marked to hold all up to here, and holds all up to ${heldTo}`)
  }
}

/** Everything that a device holds of the author against the author's own copy. */
function checkHeld(author: LedgerDatabase, holder: LedgerDatabase, findings: Findings): void {
  for (const copy of holder.streamsOf(author.device)) {
    const stream = author.stream(copy.device, copy.epoch)
    checkWithheld(author, holder, copy, stream, findings)
    for (const { seq, hash } of holder.positions(copy)) {
      const where = { database: holder.path, device: copy.device, epoch: copy.epoch, seq }
      // An author that closed an epoch was set back, and knows that it knows not all that was in it.
      const isForgotten = stream === undefined ? author.wasSetBack() : stream.closed !== 0
      if (stream === undefined || seq > stream.frozenTo) {
        if (isForgotten) {
          findings.checked.forgotten += 1
          continue
        }
        findings.add('invented', where, `${author.path} never sent it`)
        continue
      }
      // What is not there at all is missing from the author's own stream, and is found there.
      const mine = author.held(stream, seq)
      if (mine === undefined || isEqualBytes(mine.hash, hash)) continue
      if (isForgotten) findings.checked.forgotten += 1
      else findings.add('forked', where, `${author.path} holds something else there`)
    }
  }
}

/** What came without its content is what the author withheld from that account, and its hash is that of the content. */
function checkWithheld(
  author: LedgerDatabase,
  holder: LedgerDatabase,
  copy: LedgerStream,
  stream: LedgerStream | undefined,
  findings: Findings,
): void {
  for (const { seq, hash } of holder.vacancies(copy, copy.base, copy.upTo)) {
    const mine = stream === undefined ? undefined : author.held(stream, seq)
    if (stream === undefined || stream.closed !== 0) continue
    const where = { database: holder.path, device: copy.device, epoch: copy.epoch, seq }
    if (!author.isWithheld(stream, seq, holder.account))
      findings.add('lost', where, `it came without its content, which ${author.path} did not withhold`)
    else if (mine !== undefined && !isEqualBytes(mine.hash, hash))
      findings.add('forked', where, `${author.path} holds something else there`)
  }
}

/** Streams whose author is not here: those who hold them must at least hold the same. */
function checkOfOthers(databases: readonly LedgerDatabase[], findings: Findings): void {
  const here = new Set(databases.map(({ device }) => device))
  for (const [index, database] of databases.entries()) {
    for (const stream of database.streams()) {
      if (here.has(stream.device)) continue
      const account = accountOf(database, stream.device)
      if (account !== undefined) findings.notChecked(account, 'streams', 1)
      for (const other of databases.slice(0, index)) compare(database, stream, other, findings)
    }
  }
}

function compare(database: LedgerDatabase, stream: LedgerStream, other: LedgerDatabase, findings: Findings): void {
  const copy = other.stream(stream.device, stream.epoch)
  if (copy === undefined) return
  for (const { seq, hash } of database.positions(stream)) {
    const held = other.held(copy, seq)
    if (held === undefined || isEqualBytes(held.hash, hash)) continue
    const where = { database: database.path, device: stream.device, epoch: stream.epoch, seq }
    findings.add('forked', where, `${other.path} holds something else there`)
  }
}

function accountOf({ database }: LedgerDatabase, device: DeviceKey): AccountId | undefined {
  return database.prepare<[DeviceKey], AccountId>('SELECT account FROM devices WHERE device = ?').pluck().get(device)
}
