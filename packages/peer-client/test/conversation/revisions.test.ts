import { randomBytes } from 'node:crypto'
import { bodyHash, directConversationId, messageHash, messageIdOf, streamRoot } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, Epoch, type MessageId, randomId } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { MAX_REPEATS } from '@parley/shared/limits.ts'
import { chainMessage, draftMessage } from '@parley/shared/wire/message.ts'
import {
  encodeDelete,
  encodeEdit,
  encodeReaction,
  type MessageReference,
  TEXT_KIND,
} from '@parley/shared/wire/message-body.ts'
import { expect, test } from 'vitest'
import { MessageViews } from '#conversation/message-views.ts'
import { Reactions } from '#conversation/reactions.ts'
import { Revisions } from '#conversation/revisions.ts'
import { troublesOf } from '#conversation/troubles.ts'
import { placeMessages, readIncoming } from '#delivery/placing.ts'
import { newTag } from '#store/local-ids.ts'
import { openStore } from '#store/store.ts'

const account = (): AccountId => AccountId.parse(generateKeyPair(AccountKey).publicKey)

/** What bob's two devices, and somebody else's, wrote to me, arriving in any order. */
function setUp() {
  const store = openStore(':memory:', (error) => {
    throw error
  })
  const [me, bob, carol] = [account(), account(), account()]
  const conversation = directConversationId(me, bob)
  for (const one of [bob, carol])
    store.contacts.insert({
      account: one,
      state: 'accepted',
      accountKey: AccountKey.parse(one),
      displayName: 'x',
      addedAt: 1,
    })
  const revisions = new Revisions(store)
  const reactions = new Reactions(store)
  const views = new MessageViews({
    store,
    revisions,
    reactions,
    me: { account: me, device: generateKeyPair(DeviceKey).publicKey },
    contacts: { label: () => ({ name: 'bob', isVerified: true }) },
  })
  const device = (owner: AccountId) => {
    const { publicKey: key } = generateKeyPair(DeviceKey)
    store.devices.upsert({ device: key, account: owner, certificate: key, signalIdentity: '' }, 1)
    const epoch = randomId(Epoch)
    const with_ = owner === bob ? conversation : directConversationId(me, owner)
    let prev = streamRoot(key, with_, epoch)
    let before = prev
    let seq = 0
    return {
      /** Forgets the last that was written: what follows stands in its place. */
      takeBack(): void {
        seq -= 1
        prev = before
      },
      write(
        kind: string,
        body: string | Uint8Array,
        lamport: number,
        replyTo?: MessageReference,
        parents: readonly MessageId[] = [],
        origin?: { readonly epoch: Epoch; readonly seq: number },
      ): { of: MessageReference; id: MessageId; arrive: () => void; withhold: () => void } {
        seq += 1
        before = prev
        const place = { conversation: with_, epoch, seq }
        const content = {
          kind,
          critical: true,
          parents,
          lamport,
          sentAt: lamport,
          priority: 1,
          body: Buffer.from(body),
          replyTo,
          ...(origin === undefined ? {} : { origin: { ...origin, bodyHash: bodyHash(kind, Buffer.from(body)) } }),
        }
        const bytes = chainMessage(draftMessage(place, content), prev)
        prev = messageHash(bytes)
        const of = { device: key, epoch, seq }
        return {
          of,
          id: messageIdOf(key, epoch, seq),
          /** The others get its place, and not what it says. */
          withhold: () => {
            const { prev: before, hash } = readIncoming(bytes)
            const stream = store.streams.byEpoch(key, epoch)
            if (stream !== undefined)
              placeMessages(store, key, stream, [{ seq: of.seq, prev: before, hash, withheld: 'cancelled' }], 1)
          },
          arrive: () => {
            const stream =
              store.streams.byEpoch(key, epoch) ??
              store.streams.insert({ tag: newTag(randomBytes), device: key, conversation: with_, epoch, base: 1 })
            const { special } = placeMessages(store, key, stream, [readIncoming(bytes)], 1)
            for (const message of special) {
              revisions.record(owner, message)
              reactions.record(owner, message)
            }
          },
        }
      },
    }
  }
  const texts = () =>
    views
      .page(conversation, 10)
      .map(({ text, edited, deleted }) => (deleted ? 'deleted' : edited ? `${text}, edited` : text))
  const told = () =>
    store.streams
      .all()
      .flatMap(({ id, base, upTo }) => views.rows(id, base, upTo).map(({ view }) => `${view.kind} ${view.text}`.trim()))
  const page = () => views.page(conversation, 10)
  /** How many positions are looked at for the whole conversation. */
  const looked = () => Array.from(store.displayOrder.backwards(conversation)).length
  return { store, bob, carol, device, texts, told, page, looked, troubles: () => troublesOf(store, conversation) }
}

test('an edit that comes before its message waits for it, and nobody is told of it until then', () => {
  const { bob, device, texts, told } = setUp()
  const [phone, laptop] = [device(bob), device(bob)]
  const message = phone.write(TEXT_KIND, 'helo', 1)
  const edit = laptop.write('edit', encodeEdit(message.of, 'hello'), 2)
  edit.arrive()
  expect([texts(), told()]).toEqual([[], []])
  message.arrive()
  expect(texts()).toEqual(['hello, edited'])
  expect(told().toSorted()).toEqual(['edit hello', 'text hello'])
})

test('of several edits the last in the order of the screen counts, whatever the order in which they came', () => {
  const writes = (order: readonly number[]) => {
    const { bob, device, texts } = setUp()
    const [phone, laptop] = [device(bob), device(bob)]
    const message = phone.write(TEXT_KIND, 'one', 1)
    const edits = [
      phone.write('edit', encodeEdit(message.of, 'two'), 2),
      laptop.write('edit', encodeEdit(message.of, 'three'), 3),
    ]
    message.arrive()
    for (const at of order) edits[at]?.arrive()
    return texts()
  }
  expect(writes([0, 1])).toEqual(['three, edited'])
  expect(writes([1, 0])).toEqual(['three, edited'])
})

test('a deletion is for good', () => {
  const { bob, device, texts } = setUp()
  const [phone, laptop] = [device(bob), device(bob)]
  const message = phone.write(TEXT_KIND, 'one', 1)
  message.arrive()
  phone.write('delete', encodeDelete(message.of), 2).arrive()
  laptop.write('edit', encodeEdit(message.of, 'two'), 9).arrive()
  expect(texts()).toEqual(['deleted'])
})

test('nobody changes what another wrote, and nonsense changes nothing', () => {
  const { bob, carol, device, texts } = setUp()
  const phone = device(bob)
  const message = phone.write(TEXT_KIND, 'mine', 1)
  message.arrive()
  const hers = device(carol)
  hers.write('delete', encodeDelete(message.of), 2).arrive()
  hers.write('edit', encodeEdit(message.of, 'hers'), 3).arrive()
  phone.write('edit', 'not CBOR', 4).arrive()
  phone.write('delete', encodeDelete({ ...message.of, seq: 77 }), 5).arrive()
  expect(texts()).toEqual(['mine'])
})

test('an answer quotes its message as it reads now, once that one is here, and never one of another conversation', () => {
  const { bob, carol, device, page } = setUp()
  const [phone, laptop] = [device(bob), device(bob)]
  const question = phone.write(TEXT_KIND, 'shall we?', 1)
  laptop.write(TEXT_KIND, 'yes', 2, question.of).arrive()
  expect(page()).toMatchObject([{ text: 'yes', replyTo: {} }])
  expect(page()[0]?.replyTo?.message).toBeUndefined()
  question.arrive()
  phone.write('edit', encodeEdit(question.of, `${'x'.repeat(199)}🌍`), 3).arrive()
  const [answer, asked] = page()
  expect(answer?.replyTo?.message).toEqual({ id: asked?.id, direction: 'in', text: 'x'.repeat(199) })
  const elsewhere = device(carol).write(TEXT_KIND, 'a secret of carol', 4)
  elsewhere.arrive()
  laptop.write(TEXT_KIND, 'look', 5, elsewhere.of).arrive()
  expect(page()[0]).toMatchObject({ text: 'look', replyTo: {} })
  expect(JSON.stringify(page())).not.toContain('secret')
  phone.write('delete', encodeDelete(question.of), 6).arrive()
  expect(page()[1]?.replyTo?.message).toEqual({ id: asked?.id, direction: 'in', text: '' })
})

test('of the reactions of one account the last in the order of the screen counts, also when it comes before its message', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    const { bob, device, page, told } = setUp()
    const [phone, laptop] = [device(bob), device(bob)]
    const message = phone.write(TEXT_KIND, 'done', 1)
    const heart = laptop.write('reaction', encodeReaction(message.of, '❤️'), 3)
    const rocket = phone.write('reaction', encodeReaction(message.of, '🚀'), 2)
    const steps = [() => message.arrive(), () => heart.arrive(), () => rocket.arrive()]
    for (const at of order) steps[at]?.()
    expect(page()).toMatchObject([{ text: 'done', reactions: [{ emoji: '❤️', by: [{ account: bob, at: 3 }] }] }])
    expect(told().toSorted()).toEqual(['reaction ❤️', 'reaction 🚀', 'text done'])
    laptop.write('reaction', encodeReaction(message.of, ''), 4).arrive()
    expect(page()[0]?.reactions).toBeUndefined()
    laptop.write('reaction', encodeReaction(message.of, 'not one emoji'), 5).arrive()
    expect(page()[0]?.reactions).toBeUndefined()
  }
})

test('a gap is counted until it closes', () => {
  const { bob, device, texts, troubles } = setUp()
  const phone = device(bob)
  const [one, two, three, four, five] = ['1', '2', '3', '4', '5'].map((text, at) =>
    phone.write(TEXT_KIND, text, at + 1),
  )
  expect(troubles()).toBeUndefined()
  for (const message of [one, four, five]) message?.arrive()
  expect(texts()).toEqual(['1'])
  expect(troubles()).toMatchObject({ missing: 2, waiting: 2, forkCount: 0 })
  for (const message of [three, two]) message?.arrive()
  expect(texts()).toEqual(['5', '4', '3', '2', '1'])
  expect(troubles()).toBeUndefined()
})

test('a device that contradicts itself is shown to do so, and what came first stays', () => {
  const { bob, device, texts, troubles } = setUp()
  const phone = device(bob)
  phone.write(TEXT_KIND, 'yes', 1).arrive()
  phone.takeBack()
  phone.write(TEXT_KIND, 'no', 1).arrive()
  expect(texts()).toEqual(['yes'])
  expect(troubles()).toMatchObject({ missing: 0, forkCount: 1, forks: [{ text: 'no', about: expect.any(String) }] })
})

test.each([['first'], ['last']])(
  'a message that names another as seen is shown whether that one is here or not, which stands above it when it comes %s',
  (when) => {
    const { bob, device, texts, told } = setUp()
    const [phone, laptop] = [device(bob), device(bob)]
    const question = phone.write(TEXT_KIND, 'question', 1)
    const nowhere = messageIdOf(generateKeyPair(DeviceKey).publicKey, randomId(Epoch), 1)
    const answer = laptop.write(TEXT_KIND, 'answer', 2, undefined, [question.id, nowhere])
    if (when === 'first') question.arrive()
    answer.arrive()
    expect(texts()[0]).toBe('answer')
    expect(told()).toContain('text answer')
    if (when === 'last') question.arrive()
    expect(texts()).toEqual(['answer', 'question'])
  },
)

test('whatever is no line is passed over, however much of it there is, and a line that comes in its midst is seen', () => {
  const { bob, device, texts, looked } = setUp()
  const phone = device(bob)
  const first = phone.write(TEXT_KIND, 'first', 1)
  first.arrive()
  const many = (from: number) => {
    for (let at = from; at < from + 300; at += 1) phone.write('reaction', encodeReaction(first.of, '👍'), at).arrive()
  }
  many(10)
  const late = phone.write(TEXT_KIND, 'late', 400)
  late.withhold()
  many(500)
  expect([texts(), looked()]).toEqual([['first'], 1])
  late.arrive()
  expect(texts()).toEqual(['late', 'first'])
  expect(looked()).toBeLessThan(200)
  phone.write(TEXT_KIND, 'last', 900).arrive()
  expect(texts()).toEqual(['last', 'late', 'first'])
})

test('of many that say they repeat one message, no more are remembered than a profile makes that is set back', () => {
  const { store, bob, device, texts } = setUp()
  const [phone, laptop] = [device(bob), device(bob)]
  const { of } = phone.write(TEXT_KIND, 'the first', 1)
  for (let at = 0; at < MAX_REPEATS + 3; at += 1) laptop.write(TEXT_KIND, `${at}`, 2 + at, undefined, [], of).arrive()
  expect(store.origins.repeatsOf(of)).toHaveLength(MAX_REPEATS)
  // Nobody's message is lost for that.
  expect(texts()).toContain(`${MAX_REPEATS + 2}`)
})
