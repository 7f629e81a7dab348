import { messageIdsOf } from '@parley/shared/hashes.ts'
import { ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDatabase } from '#store/database.ts'
import { DisplayOrder } from '#store/display-order.ts'
import { HiddenTable } from '#store/hidden-table.ts'
import { newTag } from '#store/local-ids.ts'
import { MessagesTable } from '#store/messages-table.ts'
import { QuietTable } from '#store/quiet-table.ts'
import { StreamsTable } from '#store/streams-table.ts'

const CONVERSATION = ConversationId.parse(Buffer.alloc(32, 9).toString('base64url'))
const id = (size: number, byte: number) => Buffer.alloc(size, byte).toString('base64url')

/** How much the Lamport value rises from each message of a stream to the next. */
const streams = fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 90 }), { minLength: 1, maxLength: 4 })

test('a conversation is what sorting all its messages gives, from any message on', () => {
  fc.assert(
    fc.property(streams, fc.nat(), (rises, where) => {
      const database = openDatabase(':memory:')
      const [table, messages] = [new StreamsTable(database), new MessagesTable(database)]
      const all: { stream: number; seq: number; lamport: number; id: Buffer }[] = []
      for (const [index, steps] of rises.entries()) {
        const device = DeviceKey.parse(id(32, index + 1))
        const epoch = Epoch.parse(id(16, index + 1))
        const tag = newTag((size) => Buffer.alloc(size, index))
        const stream = table.insert({ tag, device, conversation: CONVERSATION, epoch, base: 1 })
        let lamport = 0
        for (const [before, step] of steps.entries()) {
          const seq = before + 1
          lamport += step
          messages.insert({ stream: stream.id, seq, lamport, storedAt: 0, bytes: Buffer.of(1) })
          all.push({ stream: stream.id, seq, lamport, id: Buffer.from(messageIdsOf(device, epoch)(seq)) })
        }
        table.setReceived(stream.id, steps.length, Buffer.alloc(32))
        // It came before its predecessor, and is not shown.
        messages.insert({ stream: stream.id, seq: steps.length + 2, lamport: 1, storedAt: 0, bytes: Buffer.of(1) })
      }
      all.sort((a, b) => b.lamport - a.lamport || Buffer.compare(b.id, a.id))
      const places = (rows: Iterable<{ stream: number; seq: number }>) =>
        Array.from(rows, ({ stream, seq }) => `${stream} ${seq}`)
      const order = new DisplayOrder({
        streams: table,
        messages,
        hidden: new HiddenTable(database),
        quiet: new QuietTable(database),
      })
      expect(places(order.backwards(CONVERSATION))).toEqual(places(all))
      const before = all.length === 0 ? undefined : all[where % all.length]
      if (before !== undefined)
        expect(places(order.backwards(CONVERSATION, before))).toEqual(places(all.slice(all.indexOf(before) + 1)))
      database.close()
    }),
    { numRuns: 50 },
  )
})
