import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import type { ClientEvent } from '@parley/api-client/event-stream.ts'
import { MAX_OUTBOX_MESSAGES } from '@parley/shared/limits.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startLocalApi } from '#api/local-api.ts'
import { createPeer } from '#peer.ts'
import { PeerDaemon } from '#peer-daemon.ts'
import { announce, parleyAt, startParley } from '../support/command-line.ts'
import { ask, trusted } from '../support/running-api.ts'
import { Seen } from '../support/seen.ts'
import { tempDirectory } from '../support/temp-directory.ts'

/** A peer without a directory, and a client of its local API. */
async function person(name: string) {
  await using scope = new AsyncDisposableStack()
  const { path } = scope.use(await tempDirectory())
  const profile = join(path, name)
  const peer = createPeer({ name, profile })
  scope.use(peer)
  await peer.start()
  const stop = Promise.withResolvers<void>()
  const log = pino({ level: 'silent' })
  const api = scope.use(
    await startLocalApi({
      daemon: new PeerDaemon({ peer, version: '1', startedAt: 1, log, onStop: stop.resolve }),
      port: 0,
      tokenFile: join(profile, API_TOKEN_FILE),
      log,
    }),
  )
  const all = scope.move()
  return {
    peer,
    profile,
    api,
    port: peer.address.port,
    address: `127.0.0.1:${peer.address.port}`,
    client: new ApiClient({ url: api.url, token: api.token }),
    askedToStop: stop.promise,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** What a client hears from now on. */
async function listen(client: ApiClient) {
  const end = new AbortController()
  const heard = new Seen<ClientEvent>()
  const listening = (async () => {
    for await (const event of client.events(end.signal)) heard.push(event)
  })()
  await heard.until(({ type }) => type === 'ready')
  return {
    heard,
    [Symbol.asyncDispose]: () => {
      end.abort()
      return listening
    },
  }
}

test('two people talk through their APIs, and hear what happens', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await using bobHears = await listen(bob.client)
  await using aliceHears = await listen(alice.client)

  expect(await alice.client.connect(bob.address)).toMatchObject({ name: 'bob', link: { state: 'connected' } })
  await bobHears.heard.until((event) => event.type === 'peer' && event.peer.link.state === 'connected')
  expect(await alice.client.status()).toMatchObject({
    name: 'alice',
    version: '1',
    pid: process.pid,
    connected: 1,
    waiting: 0,
    directory: { state: 'none' },
    listening: [alice.address],
  })

  const sent = await alice.client.send('bob', 'hello', { idempotencyKey: 'k' })
  expect(await alice.client.waitFor(sent.id, 'delivered', { timeoutMs: 30_000 })).toMatchObject({ state: 'delivered' })
  await bobHears.heard.until((event) => event.type === 'message' && event.message.text === 'hello')
  await aliceHears.heard.until((event) => event.type === 'message' && event.message.id === sent.id)
  await aliceHears.heard.until((event) => event.type === 'state' && event.message.state === 'delivered')
  expect(await alice.client.send('bob', 'hello', { idempotencyKey: 'k' })).toMatchObject({ id: sent.id })
  expect((await bob.client.history('alice')).messages).toMatchObject([{ text: 'hello', direction: 'in' }])
  expect(await alice.client.why(sent.id)).toMatchObject({ message: { id: sent.id, state: 'delivered' } })
  const hit = { message: { id: sent.id }, snippet: { text: 'hello', marks: [{ from: 0, to: 5 }] } }
  expect(await alice.client.search('HEL', { sender: 'Alice', conversation: 'bob' })).toMatchObject({ hits: [hit] })
  expect(await bob.client.search('hel', { sender: 'alice', after: sent.sentAt })).toMatchObject({ hits: [{}] })
  expect(await bob.client.search('hel', { sender: 'bob' })).toEqual({ hits: [] })
  await alice.client.edit(sent.id, 'goodbye')
  expect(await alice.client.search('hello')).toEqual({ hits: [] })
  await expect(alice.client.search('"*"')).rejects.toMatchObject({ code: 'bad-request' })
  await expect(alice.client.cancel(sent.id)).rejects.toMatchObject({ code: 'already-sent' })
  expect((await alice.client.broadcast('all')).messages).toMatchObject([{ with: 'bob' }])
})

test('from somebody who is blocked nothing comes, and nothing goes there, until that ends', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await using bobHears = await listen(bob.client)
  await alice.client.connect(bob.address)
  const first = await alice.client.send('bob', 'hello')
  await alice.client.waitFor(first.id, 'delivered', { timeoutMs: 30_000 })

  expect(await bob.client.contacts.block('alice')).toMatchObject({ name: 'alice', state: 'blocked' })
  await bobHears.heard.until((event) => event.type === 'contact' && event.contact.state === 'blocked')
  await bobHears.heard.until((event) => event.type === 'peer' && event.peer.link.state !== 'connected')
  const refused = await alice.client.send('bob', 'can you hear me')
  await expect(bob.client.send('alice', 'no')).rejects.toMatchObject({ code: 'blocked' })
  await expect(bob.client.connect('alice')).rejects.toMatchObject({ code: 'blocked' })
  await expect(alice.client.connect('bob')).rejects.toMatchObject({ code: 'unreachable' })
  expect(await bob.client.conversations()).toEqual([])
  expect(await bob.client.contacts.list()).toMatchObject([{ name: 'alice', state: 'blocked' }])
  expect((await bob.client.history('alice')).messages).toMatchObject([{ text: 'hello' }])
  expect(await bob.client.search('hello')).toEqual({ hits: [] })
  expect(await bob.client.search('hello', { conversation: 'alice' })).toMatchObject({ hits: [{}] })
  const { summary, next } = await alice.client.why(refused.id)
  expect(summary + next).not.toMatch(/block/)

  await bob.client.contacts.unblock('alice')
  // A try that was refused a moment ago may still be the one that is told of.
  while (!(await alice.peer.isConnected('bob'))) await alice.client.connect('bob').catch(() => undefined)
  expect(await alice.client.waitFor(refused.id, 'delivered', { timeoutMs: 30_000 })).toMatchObject({
    state: 'delivered',
  })
})

test('a nickname is shown in place of the name, and stands for the person', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await using carol = await person('carol')
  await alice.client.connect(bob.address)
  await alice.client.connect(carol.address)
  await alice.client.send('bob', 'hello')
  const named = await alice.client.contacts.setNickname('bob', ' Uncle Bob ')
  expect(named).toMatchObject({ name: 'Uncle Bob', nickname: 'Uncle Bob', publicName: 'bob', isNameVerified: true })
  expect(await alice.client.send('uncle bob', 'hi')).toMatchObject({ with: 'Uncle Bob', account: named.account })
  expect(await alice.client.send('bob', 'hi')).toMatchObject({ with: 'Uncle Bob' })
  expect(await alice.client.conversations()).toMatchObject([{ name: 'Uncle Bob' }])
  expect((await alice.client.peers()).map(({ name }) => name).toSorted()).toEqual(['Uncle Bob', 'carol'])
  for (const taken of ['UNCLE BOB', 'Bob'])
    await expect(alice.client.contacts.setNickname('carol', taken)).rejects.toMatchObject({ code: 'name-taken' })
  await expect(alice.client.contacts.setNickname('bob', 'two\nlines')).rejects.toMatchObject({ code: 'bad-request' })
  await expect(alice.client.contacts.find((await alice.client.status()).account)).rejects.toMatchObject({
    code: 'bad-request',
  })
  expect(await alice.client.contacts.add('carol', { nickname: 'C.' })).toMatchObject({ name: 'C.', state: 'accepted' })
  expect(await alice.client.contacts.setNickname('Uncle Bob', null)).not.toHaveProperty('nickname')
  expect((await alice.client.contacts.list()).map(({ name }) => name)).toEqual(['bob', 'C.'])
})

test('a conversation is read in both directions, around a message, and from where one stopped to listen', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await alice.client.connect(bob.address)
  const ids: string[] = []
  for (let n = 1; n <= 6; n += 1) {
    const [from, to] = n % 2 === 0 ? [bob, 'alice'] : [alice, 'bob']
    const { id } = await from.client.send(to, `${n}`)
    await from.client.waitFor(id, 'delivered', { timeoutMs: 30_000 })
    const [newest] = (await alice.client.history('bob')).messages
    ids.push(newest?.id ?? '')
  }
  const read = async (page: Parameters<ApiClient['history']>[1]) => {
    const { messages, next, newer } = await alice.client.history('bob', page)
    return [messages.map(({ text }) => text).join(' '), next !== undefined, newer !== undefined]
  }
  expect(await read({ limit: 4 })).toEqual(['6 5 4 3', true, false])
  expect(await read({ limit: 4, before: ids[2] })).toEqual(['2 1', false, true])
  expect(await read({ limit: 2, after: ids[1] })).toEqual(['4 3', true, true])
  expect(await read({ limit: 9, after: ids[1] })).toEqual(['6 5 4 3', true, false])
  expect(await read({ limit: 9, after: ids[5] })).toEqual(['', false, false])
  expect(await read({ limit: 3, around: ids[2] })).toEqual(['4 3 2', true, true])
  expect(await read({ limit: 1, around: ids[2] })).toEqual(['3', true, true])
  expect(await read({ limit: 4, around: ids[5] })).toEqual(['6 5 4 3', true, false])
  expect(await read({ limit: 9, around: ids[0] })).toEqual(['5 4 3 2 1', false, true])

  await using hears = await listen(alice.client)
  await alice.client.hide(ids[3] ?? '')
  await hears.heard.until((event) => event.type === 'hidden' && event.id === ids[3])
  expect(await read({ limit: 9 })).toEqual(['6 5 3 2 1', false, false])
  expect(await read({ limit: 9, after: ids[1] })).toEqual(['6 5 3', true, false])
  expect(await alice.client.search('4')).toEqual({ hits: [] })
  expect((await bob.client.history('alice')).messages).toHaveLength(6)
  await expect(alice.client.hide('nothing')).rejects.toMatchObject({ code: 'unknown-message' })

  const [peer] = await alice.client.peers()
  expect(peer?.link).toMatchObject({ receivedBytes: expect.any(Number), sentBytes: expect.any(Number) })
  expect(await alice.client.changeSettings({ logLevel: 'fatal' })).toMatchObject({ logLevel: 'fatal' })

  // Whoever was away reads what happened from the place where it began to listen.
  let place: string
  {
    await using hears = await listen(alice.client)
    const ready = await hears.heard.until((event) => event.type === 'ready')
    if (ready.type !== 'ready') throw new Error('it is not ready')
    place = ready.cursor
  }
  const sent = await alice.client.send('bob', 'one')
  await alice.client.waitFor(sent.id, 'delivered', { timeoutMs: 30_000 })
  await alice.client.edit(sent.id, 'two')
  const answer = await bob.client.send('alice', 'three')
  await bob.client.waitFor(answer.id, 'delivered', { timeoutMs: 30_000 })

  const heard: string[] = []
  const goOn = async (limit: number) => {
    const { events, next } = await alice.client.eventsAfter(place, { limit, waitMs: 20_000 })
    for (const event of events) {
      if (event.type === 'message' || event.type === 'state')
        heard.push(`${event.type} ${event.message.text} ${event.message.state ?? ''}`.trim())
    }
    place = next
  }
  while (!heard.includes('message three')) await goOn(1)
  // As they are now: the edit is in every word that is told of the message.
  expect(heard.slice(0, 2)).toEqual(['message two delivered', 'state two delivered'])
  expect(heard.filter((one) => one.startsWith('message'))).toEqual(['message two delivered', 'message three'])
  const waiting = goOn(10)
  await bob.client.send('alice', 'four')
  await waiting
  expect(heard.at(-1)).toBe('message four')
  await expect(alice.client.eventsAfter('elsewhere')).rejects.toMatchObject({ code: 'bad-request' })
})

test('a message that is changed many times at once is told once for all of what came together', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await alice.client.connect(bob.address)
  const { id } = await alice.client.send('bob', 'hello')
  await alice.client.waitFor(id, 'delivered', { timeoutMs: 30_000 })
  await using bobHears = await listen(bob.client)
  // Writing dials again, and what is written until then goes out together.
  await alice.client.disconnect('bob')
  const times = 40
  await Promise.all(Array.from({ length: times }, (_, at) => alice.client.edit(id, `edit ${at}`)))
  await alice.client.send('bob', 'the end')
  const told: string[] = []
  await bobHears.heard.until((event) => {
    if (event.type === 'state' && event.message.direction === 'in') told.push(event.message.text)
    return event.type === 'message' && event.message.text === 'the end'
  })
  expect(told.at(-1)).toMatch(/^edit/)
  expect(told.length).toBeLessThan(times)
})

test('a message that waits can be taken back', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await alice.client.connect(bob.address)
  await alice.client.disconnect('bob')
  await bob.peer.stop()
  const sent = await alice.client.send('bob', 'hello')
  expect(sent).toMatchObject({ state: 'queued' })
  expect(await alice.client.status()).toMatchObject({ waiting: 1 })
  expect(await alice.client.cancel(sent.id)).toMatchObject({ state: 'cancelled' })
})

test('a full outbox lets nobody through, who can wait does, and all goes on in order once it drains', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await announce(alice)
  await alice.client.connect(bob.address)
  await alice.peer.waitFor((await alice.peer.send('bob', 'hello')).id, 'delivered')
  await bob.peer.stop()
  await Promise.all(Array.from({ length: MAX_OUTBOX_MESSAGES }, (_, at) => alice.peer.send('bob', `${at}`)))

  let isLibraryDone = false
  const library = alice.peer.send('bob', 'library').finally(() => {
    isLibraryDone = true
  })
  const commandLine = parleyAt(alice, ['send', 'bob', '--lines', '--json'], { input: 'line one\nline two\n' })
  const headers = trusted(alice.api, { 'content-type': 'application/json' })
  const path = '/api/v1/messages'
  const port = Number(new URL(alice.api.url).port)
  const refused = await ask(port, { method: 'POST', path, headers, body: '{"to":"bob","text":"no room"}' })
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' }, body: { code: 'outbox-full' } })
  expect(isLibraryDone).toBe(false)
  expect(await alice.client.status()).toMatchObject({ waiting: MAX_OUTBOX_MESSAGES })

  await using bobAgain = createPeer({ name: 'bob', profile: bob.profile, listen: { port: bob.port } })
  await bobAgain.start()
  const accepted = (await commandLine).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const { id } of [await library, ...accepted]) await alice.peer.waitFor(id, 'delivered')
  const { messages } = await bobAgain.history('alice', 4)
  expect(messages.map(({ text }) => text)).toEqual(['line two', 'line one', 'library', `${MAX_OUTBOX_MESSAGES - 1}`])
  expect(alice.peer.pending()).toBe(0)
})

test('a reader that is killed in the middle of a stream misses nothing, and repeats only what was not confirmed', async () => {
  await using alice = await person('alice')
  await using bob = await person('bob')
  await announce(bob)
  await alice.client.connect(bob.address)
  const texts = Array.from({ length: 1_500 }, (_, at) => `${at}`)
  const sent = await Promise.all(texts.map((text) => alice.peer.send('bob', text)))
  await alice.peer.waitFor(sent.at(-1)?.id ?? '', 'delivered')

  const args = ['recv', '--follow', '--cursor', 'archive', '--json', '--profile', bob.profile]
  const printed: number[] = []
  const places: string[] = []
  for (const upTo of ['700', '1499']) {
    // Where the peer holds the reader to be: all up to there was confirmed, and nothing behind it.
    const confirmed = (await bob.client.cursors()).find(({ name }) => name === 'archive')?.place
    await using reader = startParley(args)
    await reader.line(new RegExp(`"text":"${upTo}"`))
    reader.signal('SIGKILL')
    const { out } = await reader.ended
    // The last line may be cut in the middle.
    const lines = out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    const first = Number(lines[0].text)
    expect(lines.map(({ text }) => Number(text))).toEqual(lines.map((_, at) => first + at))
    const behind = places.findIndex((place) => confirmed === undefined || isBehind(place, confirmed))
    // A confirmation that was under way when it was killed may have counted.
    expect(first).toBeGreaterThanOrEqual(behind < 0 ? places.length : behind)
    expect(first).toBeLessThanOrEqual(places.length)
    printed.push(...lines.map(({ text }) => Number(text)))
    for (const { text, cursor } of lines) places[Number(text)] = cursor
  }
  expect(new Set(printed).size).toBe(texts.length)
})

/** Of two places in what was received. */
function isBehind(place: string, other: string): boolean {
  const [event = 0, seq = 0] = place.split('.').map(Number)
  const [otherEvent = 0, otherSeq = 0] = other.split('.').map(Number)
  return event === otherEvent ? seq > otherSeq : event > otherEvent
}

test('what a peer refuses arrives as a problem with its code', async () => {
  await using alice = await person('alice')
  const { client } = alice
  const { account } = await client.status()
  await expect(client.find('bob')).rejects.toMatchObject({ code: 'no-directory' })
  await expect(client.send('bob', 'hi')).rejects.toMatchObject({ code: 'unknown-name' })
  await expect(client.send(account, 'hi')).rejects.toMatchObject({ code: 'bad-request' })
  await expect(client.history('bob')).rejects.toMatchObject({ code: 'unknown-name' })
  await expect(client.message('nothing')).rejects.toMatchObject({ code: 'unknown-message' })
  await expect(client.why('nothing')).rejects.toMatchObject({ code: 'unknown-message' })
  await expect(client.cancel('nothing')).rejects.toMatchObject({ code: 'unknown-message' })
  await expect(client.disconnect('bob')).rejects.toMatchObject({ code: 'unknown-name' })
  await expect(client.connect('127.0.0.1:1')).rejects.toMatchObject({ code: 'unreachable' })
})

test('who is asked to stop says so first', async () => {
  await using alice = await person('alice')
  await alice.client.stop()
  await alice.askedToStop
})
