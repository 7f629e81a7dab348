// The invariants of the delivery protocol, checked on what the databases hold. Each complaint begins with its number.
import { toHex } from '@parley/shared/bytes.ts'
import { messageHash } from '@parley/shared/hashes.ts'
import { MAX_OPEN_ENVELOPE_BYTES, MAX_OPEN_ENVELOPES, MAX_SEQ } from '@parley/shared/limits.ts'
import { decodeMessage, VOID_KIND } from '@parley/shared/wire/message.ts'
import { z } from 'zod'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

const RANK: Record<string, number> = { queued: 0, sent: 1, delivered: 2, read: 3, cancelled: 4, expired: 4, refused: 4 }
const StateRow = z.object({ stream: z.int(), from: z.int(), to: z.int(), account: z.string(), state: z.string() })
const EnvelopeRow = z.object({ id: z.string(), state: z.string() })

/** Things that only rise: watched while the run goes on. */
export class Watcher {
  readonly #states = new Map<string, string>()
  readonly #envelopes = new Map<string, string>()

  look(world: World): string[] {
    return world.nodes.flatMap((node) => [...this.#falls(node), ...windowOf(node, world.nodes)])
  }

  #falls(node: SimNode): string[] {
    const complaints: string[] = []
    const ranges = node.database
      .prepare('SELECT stream, from_seq AS "from", to_seq AS "to", account, state FROM deliveries')
      .all()
    for (const row of z.array(StateRow).parse(ranges)) {
      for (let seq = row.from; seq <= row.to; seq += 1) {
        const key = `${node.name} ${row.stream} ${seq} ${row.account}`
        const before = this.#states.get(key) ?? 'queued'
        if ((RANK[row.state] ?? -1) < (RANK[before] ?? 0))
          complaints.push(`5: ${key} fell from ${before} to ${row.state}`)
        this.#states.set(key, row.state)
      }
    }
    complaints.push(...coverOf(node))
    for (const row of z.array(EnvelopeRow).parse(node.database.prepare('SELECT id, state FROM envelopes').all())) {
      const before = this.#envelopes.get(row.id)
      if (before !== undefined && before !== 'open' && before !== row.state)
        complaints.push(`5: envelope ${row.id} went from ${before} to ${row.state}`)
      this.#envelopes.set(row.id, row.state)
    }
    return complaints
  }
}

/** Each position of each of my streams has exactly one state towards everybody whom it is owed to. */
function coverOf(node: SimNode): string[] {
  return node.store.streams.ofDevice(node.device, 0, 100).flatMap(({ id, upTo }) =>
    node.store.deliveries.accountsOf(id).flatMap((account) => {
      const ranges = z
        .array(z.object({ from: z.int(), to: z.int() }))
        .parse(
          node.database
            .prepare(
              'SELECT from_seq AS "from", to_seq AS "to" FROM deliveries WHERE stream = ? AND account = ? ORDER BY from_seq',
            )
            .all(id, account),
        )
      let next = 1
      for (const { from, to } of ranges) next = from === next && to >= from ? to + 1 : Number.NaN
      return next === upTo + 1 ? [] : [`5: ${node.name} keeps states for ${JSON.stringify(ranges)} of 1 to ${upTo}`]
    }),
  )
}

function windowOf(node: SimNode, nodes: readonly SimNode[]): string[] {
  return nodes.flatMap((other) => {
    const { envelopes, bytes } = node.store.envelopes.window(other.device)
    return envelopes > MAX_OPEN_ENVELOPES || bytes > MAX_OPEN_ENVELOPE_BYTES + 2 ** 18
      ? [`8: ${node.name} has ${envelopes} open envelopes`]
      : []
  })
}

/** After everything healed and came to rest. */
export function checkAtRest(world: World): string[] {
  const complaints = [...world.broken]
  for (const from of world.nodes) {
    for (const to of world.nodes) if (from !== to) complaints.push(...checkPair(world, from, to))
  }
  complaints.push(...checkPositions(world.nodes))
  return complaints
}

function checkPair(world: World, from: SimNode, to: SimNode): string[] {
  const complaints: string[] = []
  const shown = world.shown(to, from)
  const mine = world.sent.filter((sent) => sent.from === from && sent.to === to)
  const counts = new Map<string, number>()
  for (const text of shown) counts.set(text, (counts.get(text) ?? 0) + 1)
  for (const [text, count] of counts) if (count > 1) complaints.push(`2: "${text}" is shown ${count} times`)
  for (const sent of mine) {
    if (sent.isAccepted && sent.finalText !== undefined && !counts.has(sent.finalText)) {
      // A revision whose outcome nobody heard may have happened.
      const isRevisedUnheard =
        from.store.messages.byLocalId(sent.localId ?? '')?.contentVersion !== sent.formerTexts.length + 1
      if (!isRevisedUnheard) complaints.push(`1: "${sent.finalText}" never arrived`)
    }
    for (const former of sent.formerTexts)
      if (counts.has(former)) complaints.push(`9: "${former}" was taken back and arrived`)
    if (sent.isAccepted) complaints.push(...checkState(from, sent))
  }
  const order = mine
    .filter(({ isAccepted, localId }) => isAccepted && localId !== undefined)
    .map(({ localId }) => localId ?? '')
  const rows = order.map((localId) => from.store.messages.byLocalId(localId)).filter((row) => row !== undefined)
  const seqs = rows.map(({ seq }) => seq)
  if (seqs.some((seq, index) => seq <= (seqs[index - 1] ?? 0)))
    complaints.push(`3: ${from.name} accepted out of order: ${seqs.join(' ')}`)
  const visible = rows
    .map(({ bytes }) => decodeMessage(bytes))
    .filter(({ kind }) => kind !== VOID_KIND)
    .map(({ body }) => Buffer.from(body).toString())
  const inOrder = shown.filter((text) => visible.includes(text))
  if (inOrder.join('|') !== visible.join('|'))
    complaints.push(`3: ${to.name} shows another order than ${from.name} accepted`)
  if (from.store.envelopes.open(to.device).length > 0)
    complaints.push(`8: an envelope from ${from.name} to ${to.name} is open at rest`)
  if (to.store.forks.count(from.device) > 0) complaints.push(`10: a fork without a rollback`)
  return complaints
}

function checkState(from: SimNode, sent: { localId: string | undefined; text: string }): string[] {
  const row = from.store.messages.byLocalId(sent.localId ?? '')
  if (row === undefined) return [`1: an accepted message is not in the outbox`]
  return from.store.deliveries.ofMessage(row.stream, row.seq).flatMap(({ state }) => {
    const expected = decodeMessage(row.bytes).kind === VOID_KIND ? 'cancelled' : 'delivered'
    return state === expected ? [] : [`1: "${sent.text}" is ${state}, not ${expected}`]
  })
}

/** No gap in any stream, one epoch per stream, one hash per position. */
function checkPositions(nodes: readonly SimNode[]): string[] {
  const complaints: string[] = []
  const hashes = new Map<string, string>()
  for (const node of nodes) {
    const epochs = new Map<string, number>()
    for (const stream of node.store.streams.all()) {
      const key = `${stream.device} ${stream.conversation}`
      epochs.set(key, (epochs.get(key) ?? 0) + 1)
      const rows = node.store.messages.range(stream.id, 1, MAX_SEQ)
      for (const [index, row] of rows.entries()) {
        if (row.seq !== stream.base + index) complaints.push(`3: ${node.name} has a gap before ${row.seq}`)
        if (row.seq > stream.upTo) complaints.push(`3: ${node.name} still waits for what comes before ${row.seq}`)
        const position = `${stream.device} ${stream.epoch} ${row.seq}`
        const hash = toHex(messageHash(row.bytes))
        if ((hashes.get(position) ?? hash) !== hash) complaints.push(`7: two hashes for ${position}`)
        hashes.set(position, hash)
      }
    }
    for (const [key, count] of epochs) if (count > 1) complaints.push(`10: ${count} epochs for ${key}`)
  }
  return complaints
}
