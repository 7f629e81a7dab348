import { randomBytes } from 'node:crypto'
import { messageIdOf } from '@parley/shared/hashes.ts'
import { ConversationId, DeviceKey, Epoch, randomId } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { expect, test } from 'vitest'
import { Heard } from '#conversation/heard.ts'
import { newTag } from '#store/local-ids.ts'
import { openStore } from '#store/store.ts'

function setUp() {
  const store = openStore(':memory:', (error) => {
    throw error
  })
  const me = generateKeyPair(DeviceKey).publicKey
  const conversation = ConversationId.parse('A'.repeat(43))
  const heard = new Heard(store, me)
  const stream = (device = generateKeyPair(DeviceKey).publicKey) =>
    store.streams.insert({ tag: newTag(randomBytes), device, conversation, epoch: randomId(Epoch), base: 1 })
  const arrive = ({ id }: { id: number }, upTo: number) => {
    store.streams.setReceived(id, upTo, Buffer.alloc(32))
    heard.received(id)
  }
  /** What the next message names; `isSaid` when it is durable. */
  const next = (isSaid = true) => {
    const parents = heard.parents(conversation)
    if (isSaid) parents.said()
    return parents.ids
  }
  return {
    me,
    stream,
    arrive,
    next,
    idOf: ({ device, epoch }: { device: DeviceKey; epoch: Epoch }, seq: number) => messageIdOf(device, epoch, seq),
  }
}

test('a message names the newest of each stream of others, once', () => {
  const { me, stream, arrive, next, idOf } = setUp()
  const [mine, phone, laptop] = [stream(me), stream(), stream()]
  expect(next()).toEqual([])
  arrive(mine, 4)
  arrive(phone, 3)
  expect(next()).toEqual([idOf(phone, 3)])
  expect(next()).toEqual([])
  arrive(phone, 5)
  arrive(laptop, 1)
  expect(next()).toEqual([idOf(phone, 5), idOf(laptop, 1)])
  expect(next()).toEqual([])
})

test('what a message that failed would have said, the next one says', () => {
  const { stream, arrive, next, idOf } = setUp()
  const phone = stream()
  arrive(phone, 1)
  expect(next(false)).toEqual([idOf(phone, 1)])
  expect(next()).toEqual([idOf(phone, 1)])
  expect(next()).toEqual([])
})

test('of very many streams some are named by the next message', () => {
  const { stream, arrive, next } = setUp()
  for (let n = 0; n < 20; n++) arrive(stream(), 1)
  expect([next().length, next().length, next().length]).toEqual([16, 4, 0])
})
