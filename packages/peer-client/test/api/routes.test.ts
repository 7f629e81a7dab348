import { expect, test } from 'vitest'
import { RequestError } from '#api/daemon.ts'
import { ask, runApi, trusted } from '../support/running-api.ts'
import { accountOf } from '../support/test-daemon.ts'

const CONNECTED = { state: 'connected', since: 1, address: '127.0.0.1:8001', path: 'direct' } as const

test('status, peers and find say what the daemon says', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  const bob = daemon.know('bob', CONNECTED)
  daemon.users.push({ name: 'bob', displayName: 'Bob', account: bob.account, status: 'online' })
  expect(await client.status()).toEqual(daemon.status())
  expect(await client.peers()).toEqual([bob])
  expect(await client.traffic()).toEqual(daemon.traffic())
  expect(await client.find('bo')).toEqual(daemon.users)
  expect(await client.find('carol')).toEqual([])
  expect(await client.find('a&b=%?')).toEqual([])
  expect(daemon.calls.all.at(-1)).toEqual({ what: 'find', about: 'a&b=%?' })
})

test('connect resolves with the peer, disconnect with nothing', async () => {
  await using world = await runApi()
  expect(await world.client.connect('bob')).toMatchObject({ name: 'bob', link: { state: 'connected' } })
  await world.client.disconnect('bob')
  expect(world.daemon.calls.all).toEqual([
    { what: 'connect', about: 'bob' },
    { what: 'disconnect', about: 'bob' },
  ])
  await expect(world.client.connect('nowhere:1')).rejects.toMatchObject({
    code: 'unreachable',
    message: 'nobody answers at nowhere:1',
  })
})

test('a message is written once however often its key comes', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const first = await world.client.send('bob', 'hello', { idempotencyKey: 'k1' })
  expect(first).toMatchObject({ with: 'bob', text: 'hello', state: 'queued' })
  expect(await world.client.send('bob', 'hello', { idempotencyKey: 'k1' })).toEqual(first)
  expect(world.daemon.messages).toHaveLength(1)
  await expect(world.client.send('bob', 'other', { idempotencyKey: 'k1' })).rejects.toMatchObject({
    code: 'idempotency-conflict',
  })
})

test('a message that was made says where it is', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const headers = trusted(world.api, { 'content-type': 'application/json; charset=utf-8' })
  const body = '{"to":"bob","text":"hello"}'
  const answer = await ask(world.port, { method: 'POST', path: '/api/v1/messages', headers, body })
  expect(answer).toMatchObject({
    status: 201,
    headers: { location: `/api/v1/messages/${world.daemon.messages[0]?.id}` },
  })
})

test('conversations are listed, and what was read is told to everybody who listens', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  const bob = daemon.know('bob', CONNECTED)
  daemon.receive('bob', 'one')
  const two = daemon.receive('bob', 'two')
  expect(await client.conversations()).toMatchObject([{ name: 'bob', unread: 2, isConnected: true, last: two }])
  const end = new AbortController()
  const events = client.events(end.signal)[Symbol.asyncIterator]()
  expect((await events.next()).value).toMatchObject({ type: 'ready' })
  expect(await client.markRead('bob', { upTo: two.id })).toBe(true)
  expect((await events.next()).value).toEqual({ type: 'read', account: bob.account, unread: 0 })
  end.abort()
  expect(await client.conversations()).toMatchObject([{ name: 'bob', unread: 0 }])
})

test('a refusal keeps its code and its sentence', async () => {
  await using world = await runApi()
  const cases = [
    [new RequestError('outbox-full', 'too much waits for bob'), 429],
    [new RequestError('key-changed', 'bob’s key changed'), 409],
    [new RequestError('storage-failed', 'the disk failed'), 507],
  ] as const
  for (const [error, status] of cases) {
    world.daemon.refusals.push(error)
    await expect(world.client.send('bob', 'hi')).rejects.toMatchObject({ code: error.code, message: error.message })
    world.daemon.refusals.push(error)
    const headers = trusted(world.api, { 'content-type': 'application/json' })
    const body = '{"to":"bob","text":"hi"}'
    expect(await ask(world.port, { method: 'POST', path: '/api/v1/messages', headers, body })).toMatchObject({ status })
  }
  world.daemon.refusals.push(new RequestError('outbox-full', 'too much waits for bob'))
  await expect(world.client.send('bob', 'hi')).rejects.toMatchObject({ retryAfterMs: 1000 })
})

test('of an error that nobody expected nothing is told', async () => {
  await using world = await runApi()
  world.daemon.refusals.push(new Error('SQLITE_SECRET at /home/alice'))
  await expect(world.client.send('bob', 'hi')).rejects.toMatchObject({ code: 'internal', message: 'The daemon failed' })
})

test('a message can be read, explained and taken back', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob')
  const sent = await client.send('bob', 'hello')
  const why = {
    message: sent,
    summary: 'Bob is offline.',
    next: 'It goes out when he is back.',
    devices: [],
    attempts: [],
  }
  daemon.whys.set(sent.id, why)
  expect(await client.message(sent.id)).toEqual(sent)
  expect(await client.why(sent.id)).toEqual(why)
  expect(await client.cancel(sent.id)).toMatchObject({ id: sent.id, state: 'cancelled' })
  await expect(client.cancel(sent.id)).rejects.toMatchObject({ code: 'already-sent' })
  await expect(client.message('nothing')).rejects.toMatchObject({ code: 'unknown-message' })
  await expect(client.message('../status')).rejects.toMatchObject({ code: 'unknown-message' })
})

test('a message is answered and reacted to', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob')
  const theirs = daemon.receive('bob', 'tea?')
  expect(await client.send('bob', 'yes', { replyTo: theirs.id })).toMatchObject({
    replyTo: { message: { id: theirs.id, direction: 'in', text: 'tea?' } },
  })
  for (const emoji of ['👍', '❤️', '🇫🇷', '👩‍👩‍👧‍👦', '👍🏽', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])
    expect(await client.react(theirs.id, emoji)).toMatchObject({ reactions: [{ emoji }] })
  for (const emoji of ['', 'ok', '👍👍', '👍 ', '1', '\u202e👍', `👍${'\u200d👍'.repeat(40)}`])
    await expect(client.react(theirs.id, emoji)).rejects.toMatchObject({ code: 'bad-request' })
  expect((await client.react(theirs.id, null)).reactions).toBeUndefined()
})

test('who writes is told to whoever listens, and the other way', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  const bob = daemon.know('bob', CONNECTED)
  daemon.know('carol')
  expect(await client.tellTyping('bob')).toBe(true)
  expect(await client.tellTyping('carol')).toBe(false)
  const end = new AbortController()
  const events = client.events(end.signal)[Symbol.asyncIterator]()
  await events.next()
  const news = { type: 'typing', account: bob.account, name: 'bob', until: 7 } as const
  daemon.publish(news)
  expect((await events.next()).value).toEqual(news)
  end.abort()
})

test('a conversation is read page by page', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob')
  for (let n = 1; n <= 5; n++) daemon.receive('bob', `${n}`)
  const first = await client.history('bob', { limit: 2 })
  expect(first.messages.map(({ text }) => text)).toEqual(['5', '4'])
  const second = await client.history('bob', { limit: 2, before: first.next })
  expect(second.messages.map(({ text }) => text)).toEqual(['3', '2'])
  const third = await client.history(accountOf('bob'), { limit: 2, before: second.next })
  const [one] = third.messages
  expect(third).toMatchObject({ contact: second.contact, messages: [{ text: '1' }], newer: one?.id })
  expect(third.next).toBeUndefined()
  expect((await client.history('bob', { limit: 2, after: third.newer })).messages.map(({ text }) => text)).toEqual([
    '3',
    '2',
  ])
  const around = await client.history('bob', { limit: 3, around: second.messages[0]?.id })
  expect(around.messages.map(({ text }) => text)).toEqual(['4', '3', '2'])
  const both = client.history('bob', { before: first.next, after: first.next })
  await expect(both).rejects.toMatchObject({ code: 'bad-request' })
  await expect(client.history('nobody/../bob')).rejects.toMatchObject({ code: 'unknown-name' })
})

test('messages are searched page by page, and what is asked wrongly is refused', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob')
  for (const n of [1, 2, 3]) daemon.receive('bob', `apple & pear ${n}`)
  daemon.receive('carol', 'apple & pear')
  const first = await client.search('apple & pear', { conversation: 'bob', limit: 2 })
  expect(first.hits.map(({ message }) => message.text)).toEqual(['apple & pear 3', 'apple & pear 2'])
  const second = await client.search('apple & pear', { conversation: 'bob', limit: 2, cursor: first.next })
  expect(second.hits).toMatchObject([{ snippet: { text: 'apple & pear 1', marks: [{ from: 0, to: 12 }] } }])
  expect(second.next).toBeUndefined()
  const query = (text: string) => ask(world.port, { path: `/api/v1/search${text}`, headers: trusted(world.api) })
  for (const text of [
    '',
    '?q=',
    `?q=${'a'.repeat(257)}`,
    '?q=a&limit=101',
    '?q=a&cursor=x',
    '?q=a&where=b',
    '?q=a&after=-1',
  ])
    expect([text, await query(text)]).toMatchObject([text, { status: 400, body: { code: 'bad-request' } }])
})

test('a reader gets what it has not seen, and says how far it came', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob')
  for (const text of ['one', 'two', 'three']) daemon.receive('bob', text)
  const page = await client.received({ cursor: 'archive', limit: 2 })
  expect(page.messages.map(({ text }) => text)).toEqual(['one', 'two'])
  await client.moveCursor('archive', page.next)
  expect((await client.received({ cursor: 'archive' })).messages).toMatchObject([{ text: 'three' }])
  expect(await client.cursors()).toMatchObject([{ name: 'archive', place: page.next }])
  const waiting = client.received({ waitMs: 20_000, from: 'bob' })
  await daemon.calls.until(({ what, about }) => what === 'received' && about === '')
  daemon.receive('carol', 'not this')
  daemon.receive('bob', 'four')
  expect((await waiting).messages).toMatchObject([{ text: 'four' }])
  await client.forgetCursor('archive')
  expect(await client.cursors()).toEqual([])
  await expect(client.received({ cursor: 'a', after: '1' })).rejects.toMatchObject({ code: 'bad-request' })
  await expect(client.moveCursor('no/name', '1')).rejects.toMatchObject({ code: 'bad-request' })
})

test('the short form writes to every connected contact, and says who did not get it', async () => {
  await using world = await runApi()
  const { daemon, client } = world
  daemon.know('bob', CONNECTED)
  daemon.know('carol', CONNECTED)
  daemon.know('dave')
  daemon.refusals.push(new RequestError('outbox-full', 'too much waits for bob'))
  const result = await client.broadcast('hello', { idempotencyKey: 'all' })
  expect(result.messages.map((message) => message.with)).toEqual(['carol'])
  expect(result.failed).toEqual([
    { account: accountOf('bob'), name: 'bob', code: 'outbox-full', detail: 'too much waits for bob' },
  ])
  const again = await client.broadcast('hello', { idempotencyKey: 'all' })
  expect(again.messages.map((message) => message.with)).toEqual(['bob', 'carol'])
  expect(daemon.messages).toHaveLength(2)
})

test('stop is answered before it begins', async () => {
  await using world = await runApi()
  await world.client.stop()
  expect(world.daemon.calls.all).toEqual([{ what: 'stop', about: '' }])
})
