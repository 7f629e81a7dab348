import { randomBytes } from 'node:crypto'
import { directConversationId } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, Epoch, LocalMessageId, randomId } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { plant } from '@parley/shared/planted-faults.ts'
import { encodeRead, readMarks } from '@parley/shared/wire/message-body.ts'
import { expect, test } from 'vitest'
import type { Happening } from '#conversation/conversations.ts'
import { Feed } from '#conversation/feed.ts'
import { ReadReceipts } from '#conversation/read-receipts.ts'
import { Reading } from '#conversation/reading.ts'
import type { ContactState } from '#store/contacts-table.ts'
import { newTag } from '#store/local-ids.ts'
import { openStore } from '#store/store.ts'

const account = (): AccountId => AccountId.parse(generateKeyPair(AccountKey).publicKey)

/** I hold three messages of bob, who is what `state` says, and sent him three. */
function setUp(state: ContactState = 'accepted') {
  const store = openStore(':memory:', (error) => {
    throw error
  })
  const me = { account: account(), device: generateKeyPair(DeviceKey).publicKey }
  const bob = account()
  const bobsDevice = generateKeyPair(DeviceKey).publicKey
  const conversation = directConversationId(me.account, bob)
  const add = (device: DeviceKey) => {
    const stream = store.streams.insert({
      tag: newTag(randomBytes),
      device,
      conversation,
      epoch: randomId(Epoch),
      base: 1,
    })
    store.streams.setReceived(stream.id, 3, Buffer.alloc(32))
    return { ...stream, upTo: 3 }
  }
  const [mine, theirs] = [add(me.device), add(bobsDevice)]
  const now = () => 7
  const receipts = new ReadReceipts({ store, me, happenings: new Feed<Happening>(), now })
  const sent: Uint8Array[] = []
  const reading = new Reading({
    store,
    receipts,
    now,
    me: me.account,
    contacts: { get: () => ({ state, offeredKey: null }) },
    views: { authorOf: ({ device }) => (device === me.device ? me.account : bob) },
    delivery: { outbox: { edit: async () => 'already-sent' as const } },
    post: async (_to, { body }) => {
      sent.push(body)
      return { localId: randomId(LocalMessageId) }
    },
  })
  const told = () => sent.map((body) => readMarks(body))
  const says = (upTo: number, of = mine, by = bob) => {
    const body = encodeRead([{ device: of.device, epoch: of.epoch, upTo }])
    receipts.record(by, { stream: by === bob ? theirs : mine, seq: 1, kind: 'read', lamport: 1, body })
  }
  const states = () => [1, 2, 3].map((seq) => store.deliveries.find(mine.id, seq, bob)?.state)
  return { store, me, bob, bobsDevice, conversation, mine, theirs, receipts, reading, told, says, states }
}

/** What goes to somebody of this standing when his messages are read. */
async function toldTo(state: ContactState): Promise<number> {
  const { reading, receipts, bob, conversation, told } = setUp(state)
  await receipts.turn('on')
  await reading.markRead(bob, conversation)
  return told().length
}

test('a receipt goes out when the user wants that, and says what was read', async () => {
  const { reading, receipts, bob, conversation, theirs, told } = setUp()
  const { device, epoch } = theirs
  await receipts.turn('on')
  expect(await reading.markRead(bob, conversation)).toBe(true)
  expect(told()).toEqual([[{ device, epoch, upTo: 3 }]])
  expect(await reading.markRead(bob, conversation)).toBe(false)
  expect(told()).toHaveLength(1)
  const off = setUp()
  expect(await off.reading.markRead(off.bob, off.conversation)).toBe(true)
  expect(off.told()).toEqual([])
})

test('nobody but a contact gets one, and the suite would notice', async () => {
  const notContacts = ['stranger', 'requested', 'blocked'] as const
  expect(await toldTo('accepted')).toBe(1)
  for (const state of notContacts) expect(await toldTo(state)).toBe(0)
  const mend = plant('receipts-to-anyone')
  try {
    for (const state of notContacts) expect(await toldTo(state)).toBe(1)
  } finally {
    mend()
  }
})

test('a receipt of theirs counts only when the user wants that, and never for more than they hold', async () => {
  const { store, bob, bobsDevice, mine, receipts, says, states } = setUp()
  store.deliveries.append(mine.id, bob, { from: 1, to: 3 }, null, 1)
  store.deliveries.setDelivered(mine.id, bob, { from: 1, to: 2 }, bobsDevice, 2)
  says(2)
  expect(states()).toEqual(['delivered', 'delivered', 'queued'])
  await receipts.turn('on')
  says(4)
  expect(states()).toEqual(['delivered', 'delivered', 'queued'])
  says(3)
  expect(states()).toEqual(['read', 'read', 'queued'])
  expect(store.deliveries.find(mine.id, 1, bob)).toMatchObject({ device: bobsDevice })
  // It was faster than the claim that delivers.
  store.deliveries.setDelivered(mine.id, bob, { from: 3, to: 3 }, bobsDevice, 3)
  await receipts.delivered(mine.id, 3, 3, bob)
  expect(states()).toEqual(['read', 'read', 'read'])
})

test('my other devices say how far I have read, and bob does not', async () => {
  const { store, me, bob, theirs, says } = setUp()
  says(3, theirs, bob)
  expect(store.readMarks.upTo(theirs.id, me.account)).toBe(0)
  says(2, theirs, me.account)
  expect(store.readMarks.upTo(theirs.id, me.account)).toBe(2)
})
