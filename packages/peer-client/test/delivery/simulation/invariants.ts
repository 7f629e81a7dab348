// The invariants of the delivery protocol, checked on what the databases hold. Each complaint begins with its number.

import { toHex } from '@parley/shared/bytes.ts'
import { messageHash } from '@parley/shared/hashes.ts'
import { MAX_OPEN_ENVELOPE_BYTES, MAX_OPEN_ENVELOPES, MAX_SEQ } from '@parley/shared/limits.ts'
import { decodeMessage, VOID_KIND } from '@parley/shared/wire/message.ts'
import type { Sent } from './mail.ts'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

const RANK: Record<string, number> = { queued: 0, sent: 1, delivered: 2, read: 3, cancelled: 4, expired: 4, refused: 4 }

interface StateRow {
  readonly stream: number
  readonly from: number
  readonly to: number
  readonly account: string
  readonly state: string
}

/** Things that only rise: watched while the run goes on. */
export class Watcher {
  readonly #states = new Map<string, string>()
  readonly #envelopes = new Map<string, string>()

  look(world: World): string[] {
    return world.nodes.flatMap((node) => {
      if (world.setBack.has(node)) return []
      return [...this.#falls(node), ...this.#revivals(node), ...coverOf(node), ...windowsOf(node, world.nodes)]
    })
  }

  #falls(node: SimNode): string[] {
    const complaints: string[] = []
    const ranges = node.database
      .prepare<[], StateRow>('SELECT stream, from_seq AS "from", to_seq AS "to", account, state FROM deliveries')
      .all()
    for (const row of ranges) {
      for (let seq = row.from; seq <= row.to; seq += 1) {
        const key = `${node.name} ${row.stream} ${seq} ${row.account}`
        const before = this.#states.get(key) ?? 'queued'
        if ((RANK[row.state] ?? -1) < (RANK[before] ?? 0))
          complaints.push(`5: ${key} fell from ${before} to ${row.state}`)
        this.#states.set(key, row.state)
      }
    }
    return complaints
  }

  #revivals(node: SimNode): string[] {
    const complaints: string[] = []
    const rows = node.database.prepare<[], { id: string; state: string }>('SELECT id, state FROM envelopes').all()
    for (const { id, state } of rows) {
      const before = this.#envelopes.get(id)
      if (before !== undefined && before !== 'open' && before !== state)
        complaints.push(`5: envelope ${id} went from ${before} to ${state}`)
      this.#envelopes.set(id, state)
    }
    return complaints
  }
}

/** Each position of each of my open streams has exactly one state towards everybody whom it is owed to. */
function coverOf(node: SimNode): string[] {
  const find = node.database.prepare<[number, string], { from: number; to: number }>(
    'SELECT from_seq AS "from", to_seq AS "to" FROM deliveries WHERE stream = ? AND account = ? ORDER BY from_seq',
  )
  return node.store.streams.allOpen(node.device).flatMap(({ id, upTo }) =>
    node.store.deliveries.accountsOf(id).flatMap((account) => {
      const ranges = find.all(id, account)
      let next = 1
      for (const { from, to } of ranges) next = from === next && to >= from ? to + 1 : Number.NaN
      return next === upTo + 1 ? [] : [`5: ${node.name} keeps states for ${JSON.stringify(ranges)} of 1 to ${upTo}`]
    }),
  )
}

function windowsOf(node: SimNode, nodes: readonly SimNode[]): string[] {
  return nodes.flatMap((other) => {
    const { envelopes, bytes } = node.store.envelopes.window(other.device)
    const isOver = envelopes > MAX_OPEN_ENVELOPES || bytes > MAX_OPEN_ENVELOPE_BYTES + 2 ** 18
    return isOver ? [`8: ${node.name} has ${envelopes} open envelopes to ${other.name}`] : []
  })
}

/** After everything healed and came to rest. */
export function checkAtRest(world: World): string[] {
  const complaints = [...world.broken, ...world.network.broken]
  for (const from of world.nodes) {
    for (const to of world.active) if (from !== to) complaints.push(...checkPair(world, from, to))
    if (world.active.includes(from)) complaints.push(...checkStates(world, from), ...checkEpochs(world, from))
  }
  complaints.push(...checkPositions(world), ...checkOrder(world), ...checkAnswers(world))
  return complaints
}

/** What one device shows of another's messages. */
function checkPair(world: World, from: SimNode, to: SimNode): string[] {
  const complaints: string[] = []
  const mine = world.sent.filter(
    (sent) => sent.from === from && (sent.to === to.account || to.account === from.account),
  )
  for (const partner of new Set(mine.map((sent) => sent.to)))
    complaints.push(
      ...checkConversation(
        world,
        mine.filter((sent) => sent.to === partner),
        to,
        partner,
      ),
    )
  if (world.active.includes(from) && from.store.envelopes.open(to.device).length > 0)
    complaints.push(`8: an envelope from ${from.name} to ${to.name} is open at rest`)
  if (to.store.forks.count(from.device) > 0 && !world.setBack.has(from))
    complaints.push(`10: ${to.name} has a fork of ${from.name}, which was not set back`)
  return complaints
}

function checkConversation(world: World, mine: readonly Sent[], to: SimNode, partner: Sent['to']): string[] {
  const complaints: string[] = []
  const [first] = mine
  if (first === undefined) return []
  const { from } = first
  const isRecipient = to.account === partner
  const shown = textsOf(to, from, isRecipient ? from.account : partner)
  const counts = new Map<string, number>()
  for (const text of shown) counts.set(text, (counts.get(text) ?? 0) + 1)
  for (const [text, count] of counts) if (count > 1) complaints.push(`2: ${to.name} shows "${text}" ${count} times`)
  const joinedAt = world.joinedAt.get(to) ?? Number.NEGATIVE_INFINITY
  const due = mine.filter((sent) => isDue(sent) && (sent.acceptedAt ?? 0) > joinedAt)
  for (const { finalText, from: author } of due)
    if (finalText !== undefined && !counts.has(finalText))
      complaints.push(`1: "${finalText}" of ${author.name} never arrived at ${to.name}`)
  if (isRecipient && !world.setBack.has(from)) {
    for (const { formerTexts, text, deadline } of mine) {
      for (const former of formerTexts)
        if (counts.has(former)) complaints.push(`9: "${former}" was taken back and arrived at ${to.name}`)
      const row = deadline === undefined ? undefined : rowOf(from, mine, text)
      if (row !== undefined && counts.has(text) && stateOf(from, row, partner) === 'expired')
        complaints.push(`9: "${text}" expired and arrived at ${to.name}`)
    }
  }
  const expected = due.map(({ finalText }) => finalText).filter((text) => text !== undefined)
  const inOrder = shown.filter((text) => expected.includes(text))
  if (inOrder.join('|') !== expected.filter((text) => counts.has(text)).join('|'))
    complaints.push(`3: ${to.name} shows another order than ${from.name} accepted: ${inOrder.join(' ')}`)
  return complaints
}

/** What must arrive: accepted, not taken back, and its author knows it. */
function isDue({ from, localId, acceptedAt, finalText, isForgotten, unsure, to }: Sent): boolean {
  if (acceptedAt === undefined || finalText === undefined || isForgotten || unsure > 0 || localId === undefined)
    return false
  const row = from.store.messages.byLocalId(localId)
  return row === undefined || stateOf(from, row, to) !== 'expired'
}

function rowOf(from: SimNode, mine: readonly Sent[], text: string) {
  const localId = mine.find((sent) => sent.text === text && !sent.isForgotten)?.localId
  return localId === undefined ? undefined : from.store.messages.byLocalId(localId)
}

function stateOf(from: SimNode, row: { stream: number; seq: number }, account: Sent['to']): string | undefined {
  return from.store.deliveries.find(row.stream, row.seq, account)?.state
}

/** Each message stands where it must at its author, once all the devices of its recipient that are left have rested. */
function checkStates(world: World, from: SimNode): string[] {
  return world.sent.flatMap((sent) => {
    if (sent.from !== from || sent.acceptedAt === undefined || sent.isForgotten || sent.localId === undefined) return []
    const row = from.store.messages.byLocalId(sent.localId)
    if (row === undefined) return [`1: "${sent.text}" was accepted and is not in the outbox`]
    if (sent.unsure > 0 || !world.active.some(({ account }) => account === sent.to)) return []
    const state = stateOf(from, row, sent.to)
    if (sent.deadline !== undefined && state === 'expired') return []
    const expected = sent.finalText === undefined ? 'cancelled' : 'delivered'
    return state === expected ? [] : [`1: "${sent.text}" of ${from.name} is ${state}, not ${expected}`]
  })
}

/** New epochs only after a profile was set back, and then once. */
function checkEpochs(world: World, node: SimNode): string[] {
  const switches = node.store.events.after(0, 100_000).filter(({ kind }) => kind === 'rolled-back').length
  const proofs = world.setBack.has(node) ? 1 : 0
  const isCloned = world.clones.some(({ device }) => device === node.device)
  if (switches <= (isCloned ? world.nodes.length : proofs)) return []
  return [`10: ${node.name} began new epochs ${switches} times after it was set back ${proofs} times`]
}

/** No gap in any stream, one epoch per stream, one hash per position. */
function checkPositions(world: World): string[] {
  const complaints: string[] = []
  const hashes = new Map<string, string>()
  const setBack = new Set([...world.setBack.keys()].map(({ device }) => device))
  for (const node of world.active) {
    const epochs = new Map<string, number>()
    for (const stream of node.store.streams.all()) {
      const key = `${stream.device} ${stream.conversation}`
      epochs.set(key, (epochs.get(key) ?? 0) + 1)
      // Of what an author forgot, whatever did not arrive never will.
      const isFollowed = setBack.has(stream.device)
      const rows = new Map(node.store.messages.range(stream.id, 1, MAX_SEQ).map((row) => [row.seq, row]))
      const last = Math.max(stream.upTo, ...rows.keys())
      for (let seq = stream.base; seq <= last; seq += 1) {
        const row = rows.get(seq)
        const isThere = row !== undefined || node.store.vacancies.hashAt(stream.id, seq) !== undefined
        if (isFollowed && seq > stream.upTo) continue
        if (!isThere) complaints.push(`3: ${node.name} has a gap at ${seq}`)
        if (seq > stream.upTo) complaints.push(`3: ${node.name} still waits for what comes before ${seq}`)
        if (row === undefined || isFollowed) continue
        const position = `${stream.device} ${stream.epoch} ${seq}`
        const hash = toHex(messageHash(row.bytes))
        if ((hashes.get(position) ?? hash) !== hash) complaints.push(`7: two hashes for ${position}`)
        hashes.set(position, hash)
      }
    }
    for (const [key, count] of epochs) {
      const isExcused = [...setBack].some((device) => key.startsWith(device))
      if (count > 1 && !isExcused) complaints.push(`10: ${count} epochs for ${key} at ${node.name}`)
    }
  }
  return complaints
}

/** Whoever holds the same messages shows the same order. */
function checkOrder(world: World): string[] {
  if (world.setBack.size > 0) return []
  const complaints: string[] = []
  const accounts = [...new Set(world.active.map(({ account }) => account))]
  for (const [index, a] of accounts.entries()) {
    for (const b of accounts.slice(index + 1)) {
      const views = world.active
        .filter(({ account }) => account === a || account === b)
        .map((node) => ({ name: node.name, texts: allTexts(node, node.account === a ? b : a) }))
      const [first, ...others] = views
      for (const other of others) {
        const common = new Set(first?.texts.filter((text) => other.texts.includes(text)))
        const orders = [first, other].map((view) => view?.texts.filter((text) => common.has(text)).join('|'))
        if (orders[0] !== orders[1]) complaints.push(`3: ${first?.name} and ${other.name} show different orders`)
      }
    }
  }
  return complaints
}

/** On every session that lived to the end each envelope was answered as often as it came. */
function checkAnswers(world: World): string[] {
  const complaints = world.network.aborts.map((abort) => `11: ${abort}`)
  for (const { lines } of world.network.openLinks()) {
    for (const { owner, received, answered } of lines) {
      for (const [id, times] of received)
        if (answered.get(id) !== times)
          complaints.push(`11: ${owner.name} got ${id} ${times} times and answered ${answered.get(id) ?? 0} times`)
    }
  }
  return complaints
}

/** Texts that a device shows of another, in display order. */
function textsOf(at: SimNode, from: SimNode, partner: Sent['to']): string[] {
  return shownRows(at, partner).flatMap(({ device, text }) => (device === from.device ? [text] : []))
}

function allTexts(at: SimNode, partner: Sent['to']): string[] {
  return shownRows(at, partner).map(({ text }) => text)
}

function shownRows(at: SimNode, partner: Sent['to']): { device: string; text: string }[] {
  const rows: { device: string; text: string }[] = []
  const devices = new Map<number, string>()
  for (const { stream, bytes } of at.store.displayOrder.backwards(at.conversationWith(partner))) {
    const { kind, body } = decodeMessage(bytes)
    if (!devices.has(stream)) devices.set(stream, at.store.streams.byId(stream)?.device ?? '')
    if (kind !== VOID_KIND) rows.push({ device: devices.get(stream) ?? '', text: Buffer.from(body).toString() })
  }
  return rows.reverse()
}
