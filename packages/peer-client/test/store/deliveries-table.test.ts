import { AccountId, ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDatabase } from '#store/database.ts'
import { DeliveriesTable, type DeliveryState, type Hold } from '#store/deliveries-table.ts'
import { newTag } from '#store/local-ids.ts'
import { MessagesTable } from '#store/messages-table.ts'
import { StreamsTable } from '#store/streams-table.ts'

const ALICE = DeviceKey.parse(Buffer.alloc(32, 1).toString('base64url'))
const BOB = AccountId.parse(Buffer.alloc(32, 12).toString('base64url'))
const BOBS = DeviceKey.parse(Buffer.alloc(32, 2).toString('base64url'))

interface One {
  state: DeliveryState
  hold: Hold | null
  at: number
}

const change = fc.record({
  what: fc.constantFrom('append', 'sent', 'delivered', 'cancelled', 'refused', 'hold'),
  hold: fc.constantFrom(null, 'no-device-known', 'blocked-key-change'),
  from: fc.integer({ min: 1, max: 40 }),
  length: fc.integer({ min: 1, max: 12 }),
  at: fc.nat({ max: 5 }),
})

const BEFORE: Readonly<Record<string, readonly DeliveryState[]>> = {
  sent: ['queued'],
  delivered: ['queued', 'sent'],
  cancelled: ['queued', 'sent'],
  refused: ['queued', 'sent'],
}

test('ranges say of each message what a row for each would say', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const database = openDatabase(':memory:')
      const table = new DeliveriesTable(database)
      const messages = new MessagesTable(database)
      const { id } = new StreamsTable(database).insert({
        tag: newTag((size) => Buffer.alloc(size)),
        device: ALICE,
        conversation: ConversationId.parse(Buffer.alloc(32, 9).toString('base64url')),
        epoch: Epoch.parse(Buffer.alloc(16, 9).toString('base64url')),
        base: 1,
      })
      const model: One[] = []
      for (const { what, hold, from, length, at } of changes) {
        const range = { from, to: from + length - 1 }
        if (what === 'append') {
          table.append(id, BOB, { from: model.length + 1, to: model.length + length }, hold, at)
          for (let n = 0; n < length; n += 1) {
            model.push({ state: 'queued', hold, at })
            const seq = model.length
            messages.insert({ stream: id, seq, lamport: seq, storedAt: at, bytes: Buffer.alloc(seq) })
          }
          continue
        }
        if (what === 'hold') {
          table.setHold(BOB, hold)
          for (const one of model) if (one.state === 'queued') one.hold = hold
          continue
        }
        if (what === 'sent') table.setSent(id, BOB, range, at)
        else if (what === 'delivered') table.setDelivered(id, BOB, range, BOBS, at)
        else table.end(id, BOB, range, what, null, at)
        for (const one of model.slice(range.from - 1, range.to)) {
          if (BEFORE[what]?.includes(one.state)) Object.assign(one, { state: what, hold: null, at })
        }
      }
      for (const [index, one] of model.entries()) {
        const row = table.find(id, index + 1, BOB)
        expect({ state: row?.state, hold: row?.hold }).toEqual({ state: one.state, hold: one.hold })
        if (one.state !== 'queued') expect(row?.at).toBe(one.at)
        expect(row?.device ?? null).toBe(one.state === 'delivered' ? BOBS : null)
      }
      expect(table.find(id, model.length + 1, BOB)).toBeUndefined()
      const open = model.findIndex(({ state }) => isOpen(state))
      expect(table.lowestOpen(id, BOB)).toBe(open === -1 ? undefined : open + 1)
      for (const { from, length } of changes) {
        const to = from + length - 1
        const waiting = model.slice(from - 1, to).map(({ state }, n) => (isOpen(state) ? from + n : 0))
        expect(table.waiting(id, BOB, { from, to })).toEqual({
          messages: waiting.filter((bytes) => bytes > 0).length,
          bytes: waiting.reduce((sum, bytes) => sum + bytes, 0),
        })
      }
      const refused = model.flatMap(({ state }, index) => (state === 'refused' ? [index + 1] : []))
      const ranges = table.refused(id, BOB, { from: 1, to: 1_000 })
      expect(ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, n) => from + n))).toEqual(
        refused,
      )
      database.close()
    }),
    { numRuns: 100 },
  )
})

test('what is open is found without a walk over what was delivered before', () => {
  const database = openDatabase(':memory:')
  const sources: string[] = []
  const prepare = database.prepare.bind(database)
  Object.assign(database, {
    prepare: (sql: string) => {
      sources.push(sql)
      return prepare(sql)
    },
  })
  new DeliveriesTable(database).find(1, 1, BOB)
  const planOf = (part: string) =>
    sources
      .filter((sql) => sql.startsWith(`SELECT ${part}`))
      .flatMap((sql) =>
        prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', '1')}`)
          .all()
          .map(({ detail }) => detail),
      )
  expect(planOf('count(*)')).toContain(
    'SEARCH d USING PRIMARY KEY (stream=? AND account=? AND from_seq>? AND from_seq<?)',
  )
  expect(planOf('from_seq AS seq')).toEqual(['SEARCH deliveries USING INDEX deliveries_open (stream=? AND account=?)'])
  database.close()
})

function isOpen(state: DeliveryState): boolean {
  return state === 'queued' || state === 'sent'
}
