import { directConversationId } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { TYPING_HEARD_MS, TYPING_SHOWN_MS, TYPING_TOLD_MS } from '@parley/shared/limits.ts'
import { expect, test, vi } from 'vitest'
import { Typing } from '#conversation/typing.ts'
import { openStore } from '#store/store.ts'

const account = () => AccountId.parse(generateKeyPair(AccountKey).publicKey)

function setUp(state: 'accepted' | 'stranger' | 'blocked') {
  const store = openStore(':memory:', (error) => {
    throw error
  })
  const [me, bob] = [account(), account()]
  store.contacts.insert({ account: bob, state, accountKey: AccountKey.parse(bob), displayName: 'bob', addedAt: 1 })
  const { publicKey: device } = generateKeyPair(DeviceKey)
  store.devices.upsert({ device, account: bob, certificate: device, signalIdentity: '' }, 1)
  const world = { now: 1_000_000, isConnected: true, told: 0 }
  const typing = new Typing({
    store,
    contacts: {
      get: (one) => store.contacts.get(one),
      isShunned: () => false,
      label: () => ({ name: 'bob', isVerified: true }),
    },
    me: { account: me },
    tellTyping: () => {
      world.told += Number(world.isConnected)
      return world.isConnected
    },
    now: () => world.now,
  })
  return { bob, typing, world, conversation: directConversationId(me, bob), heard: vi.spyOn(typing.news, 'publish') }
}

test('somebody is told that I write once in a while, and whoever was not reached as soon as he is', () => {
  const { bob, typing, world } = setUp('accepted')
  world.isConnected = false
  expect(typing.tell(bob)).toBe(false)
  world.isConnected = true
  expect([typing.tell(bob), typing.tell(bob)]).toEqual([true, false])
  world.now += TYPING_TOLD_MS
  expect(typing.tell(bob)).toBe(true)
  world.now -= 3_600_000
  expect(typing.tell(bob)).toBe(true)
  expect(world.told).toBe(3)
})

test('a flood says no more than one word of it, and nothing about another conversation', () => {
  const { bob, typing, world, conversation, heard } = setUp('accepted')
  for (let n = 0; n < 1_000; n += 1) typing.heard(bob, conversation)
  typing.heard(bob, directConversationId(bob, account()))
  expect(heard.mock.calls).toEqual([[{ account: bob, name: 'bob', until: world.now + TYPING_SHOWN_MS }]])
  world.now += TYPING_HEARD_MS
  typing.heard(bob, conversation)
  expect(heard).toHaveBeenCalledTimes(2)
})

test('strangers and the blocked neither learn it nor are heard, and nobody while it is off', async () => {
  for (const state of ['stranger', 'blocked'] as const) {
    const { bob, typing, world, conversation, heard } = setUp(state)
    expect(typing.tell(bob)).toBe(false)
    typing.heard(bob, conversation)
    expect([world.told, heard.mock.calls]).toEqual([0, []])
  }
  const { bob, typing, world, conversation, heard } = setUp('accepted')
  await typing.turn('off')
  expect(typing.tell(bob)).toBe(false)
  typing.heard(bob, conversation)
  await typing.turn('on')
  expect([world.told, heard.mock.calls]).toEqual([0, []])
  expect(typing.tell(bob)).toBe(true)
})
