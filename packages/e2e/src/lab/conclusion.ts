// What every scenario ends with: rest, and then the judgement of its own books, of SQLite and of the ledger.
import { setTimeout as after } from 'node:timers/promises'
import { verifyLedger } from '@parley/peer-client/ledger.ts'
import { integrityOf } from '#profile-database.ts'
import type { Lab } from './lab.ts'
import { LabFailure } from './lab-failure.ts'
import type { LabPeer } from './lab-peer.ts'

const SETTLE_MS = 120_000
const MIB = 1024 * 1024
const LOOK_EVERY_MS = 50
/** What waits is tried again by itself in the end, but nobody wants to wait for that here. */
const NUDGE_EVERY_MS = 1_500

/** Stops the peers. Rejects with LabFailure. */
export async function conclude(lab: Lab): Promise<void> {
  await settle(lab)
  await Promise.all(lab.peers.map((peer) => peer.stop()))
  lab.books.check()
  const profiles = await lab.judged()
  for (const profile of profiles) {
    const verdict = integrityOf(profile)
    if (verdict !== 'ok') throw new LabFailure('damaged', `${profile}: ${String(verdict)}`)
  }
  judgeLedger(lab, profiles)
}

/** Resolves when all that was accepted was shown, and every author knows. */
async function settle(lab: Lab): Promise<void> {
  const deadline = performance.now() + SETTLE_MS
  let nudgeAt = performance.now() + NUDGE_EVERY_MS
  const startedAt = performance.now()
  for (;;) {
    const states = await Promise.all(lab.peers.map(async (peer) => ({ peer, ...(await peer.status()) })))
    const waiting = states.filter(({ pending }) => pending > 0)
    if (waiting.length === 0 && lab.books.outstanding() === 0) {
      for (const { peer, rssBytes } of states)
        if (peer.livesApart) lab.measure('MiB of memory of a peer in the end', rssBytes / MIB)
      lab.figures['ms to come to rest in the end'] = Math.round(performance.now() - startedAt)
      return
    }
    if (performance.now() > deadline) {
      const who = waiting.map(({ peer, pending }) => `${peer.name} waits for ${pending}`)
      const sentence = [`${lab.books.outstanding()} texts were not shown`, ...who].join(', ')
      throw new LabFailure('not-settled', `after ${SETTLE_MS / 1_000} s without any fault: ${sentence}`)
    }
    if (performance.now() > nudgeAt) {
      nudge(lab, waiting)
      nudgeAt = performance.now() + NUDGE_EVERY_MS
    }
    await after(LOOK_EVERY_MS)
  }
}

/** As a user does who does not want to wait. */
function nudge(lab: Lab, waiting: readonly { peer: LabPeer; connected: readonly string[] }[]): void {
  for (const { peer, connected } of waiting) {
    for (const { name } of lab.peers) {
      if (name !== peer.name && !connected.includes(name)) peer.connect(name).catch(() => undefined)
    }
  }
}

function judgeLedger(lab: Lab, profiles: readonly string[]): void {
  const { ok, checked, violations } = verifyLedger(profiles)
  const [first] = violations
  if (!ok)
    throw new LabFailure('ledger', first === undefined ? 'nothing was checked' : `${first.code}: ${first.detail}`)
  if (checked.delivered < lab.books.accepted) {
    const sentence = `${lab.books.accepted} texts were accepted, the databases prove ${checked.delivered} deliveries`
    throw new LabFailure('ledger', sentence)
  }
  Object.assign(lab.figures, {
    'messages accepted': lab.books.accepted,
    'deliveries proven by the ledger': checked.delivered,
  })
}
