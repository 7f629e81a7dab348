import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { createPeer, type Peer } from '@parley/peer-client'
import { systemClock } from '@parley/shared/clock.ts'
import { MAX_CONTENT_BYTES, MAX_MOMENT_MS } from '@parley/shared/limits.ts'
import { chainMessage, decodeMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { formatPeerAddress } from '#connection/peer-address.ts'
import { CurrentIdentity, withNewAccountKey } from '#identity/current-identity.ts'
import { loadIdentity } from '#identity/identity.ts'
import { createProfileIfAbsent } from '#profile.ts'
import { openDatabase } from '#store/database.ts'
import { tempDirectory } from './support/temp-directory.ts'

/** What was said with Bob and what happened beside it, in the order of an export. */
function lines(peer: Peer): string[] {
  return [...peer.archive.export()].flatMap((record) => {
    if (record.type === 'message') return [record.text]
    return record.type === 'note' ? [record.kind] : []
  })
}

/** Two peers without a directory, the first connected to the second. */
async function pair(): Promise<
  AsyncDisposable & { alice: Peer; bob: Peer; again: (name: 'alice' | 'bob', port?: number) => Promise<Peer> }
> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-peer-'))
  const stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(directory, { recursive: true }))
  const again = async (name: string, port = 0): Promise<Peer> => {
    const peer = stack.use(createPeer({ name, profile: join(directory, name), listen: { port } }))
    return peer.start()
  }
  const [alice, bob] = [await again('alice'), await again('bob')]
  await alice.connect(formatPeerAddress(bob.address))
  return { alice, bob, again, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('two peers in one process', () => {
  test('deliver both ways, in order, and say when', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    const received = bob.receive()[Symbol.asyncIterator]()
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`)
    const sent = await Promise.all(texts.map((text) => alice.send('bob', text)))
    for (const text of texts)
      expect((await received.next()).value).toMatchObject({ text, with: 'alice', direction: 'in' })
    for (const { id } of sent) expect(await alice.waitFor(id, 'delivered')).toMatchObject({ state: 'delivered' })
    const answer = await bob.send('alice', 'all of them')
    expect(await bob.waitFor(answer.id, 'delivered')).toMatchObject({ state: 'delivered' })
    expect((await alice.history('bob', 100)).messages).toHaveLength(51)
    expect(await alice.hasPending()).toBe(false)
  })

  test('keep a message that is sent just before the end, and deliver it after the next start', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    await alice.waitFor((await alice.send('bob', 'first')).id, 'delivered')
    await bob.stop()
    const { id } = await alice.send('bob', 'last words')
    // What nobody waits for is accepted or refused, and not both, nor neither.
    const [too, late] = [alice.send('bob', 'too'), alice.send('bob', 'late')].map((sending) =>
      sending.then(
        (message) => [message.text],
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'stopped' })
          return []
        },
      ),
    )
    await alice.stop()
    const [aliceAgain, bobAgain] = [await again('alice'), await again('bob', port)]
    expect(await aliceAgain.waitFor(id, 'delivered')).toMatchObject({ state: 'delivered', text: 'last words' })
    const accepted = [...((await too) ?? []), ...((await late) ?? [])]
    await aliceAgain.waitFor((await aliceAgain.send('bob', 'and on')).id, 'delivered')
    expect((await bobAgain.history('alice', 10)).messages.map(({ text }) => text).toReversed()).toEqual([
      'first',
      'last words',
      ...accepted,
      'and on',
    ])
  })

  test('count what was not read, over a restart, until it was', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { id } = await alice.waitFor((await alice.send('bob', 'one')).id, 'delivered')
    await alice.conversations.reacting.react(id, '👍')
    await alice.waitFor((await alice.send('bob', 'two')).id, 'delivered')
    expect(bob.overview.list()).toMatchObject([{ name: 'alice', unread: 2, last: { text: 'two' }, isConnected: true }])
    expect(alice.overview.list()).toMatchObject([{ name: 'bob', unread: 0, last: { text: 'two', state: 'delivered' } }])
    const [newest, older] = (await bob.history('alice', 2)).messages
    const end = new AbortController()
    const reading = bob.overview.changes.read(end.signal)[Symbol.asyncIterator]()
    expect(await bob.markRead('alice', older?.id)).toBe(true)
    expect((await reading.next()).value).toMatchObject({ unread: 1 })
    end.abort()
    await bob.stop()
    const bobAgain = await again('bob')
    expect(bobAgain.overview.unread()).toBe(1)
    expect(await bobAgain.markRead('alice', newest?.id)).toBe(true)
    expect(bobAgain.overview.unread()).toBe(0)
  })

  test('keep a cursor for a reader, which moves when he says so', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    const nothing = AbortSignal.abort()
    const read = async (peer: Peer, limit: number, who?: string) => {
      const account = who === undefined ? undefined : await peer.resolve(who)
      const { messages, next } = await peer.received.page({ reader: 'archive' }, { limit, account }, nothing)
      return { texts: messages.map(({ text }) => text), next }
    }
    const sent = await Promise.all(['one', 'two', 'three'].map((text) => alice.send('bob', text)))
    for (const { id } of sent) await alice.waitFor(id, 'delivered')
    const first = await read(bob, 2)
    expect(first.texts).toEqual(['one', 'two'])
    expect((await read(bob, 2)).texts).toEqual(['one', 'two'])
    const { place } = await bob.received.commit('archive', first.next)
    await bob.stop()
    const bobAgain = await again('bob', port)
    expect(await read(bobAgain, 2)).toMatchObject({ texts: ['three'] })
    expect((await read(bobAgain, 2, 'alice')).texts).toEqual(['three'])
    // A slower reader of the same name does not take it back.
    expect(await bobAgain.received.commit('archive', '0.0')).toMatchObject({ name: 'archive', place })
    expect(bobAgain.received.readers()).toMatchObject([{ name: 'archive', place }])
    const waiting = bobAgain.received.page(
      { after: (await read(bobAgain, 9)).next },
      { limit: 1 },
      AbortSignal.timeout(20_000),
    )
    await alice.send('bob', 'four')
    expect((await waiting).messages).toMatchObject([{ text: 'four' }])
    expect(await bobAgain.received.forget('archive')).toBe(true)
    expect((await read(bobAgain, 9)).texts).toEqual(['one', 'two', 'three', 'four'])
    await expect(bobAgain.received.commit('archive', 'yesterday')).rejects.toMatchObject({ code: 'bad-place' })
  })

  test('begin a ratchet anew that one side lost: nothing is lost or doubled, and one note tells of it', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    await alice.waitFor((await alice.send('bob', 'before')).id, 'delivered')
    await bob.waitFor((await bob.send('alice', 'answer')).id, 'delivered')
    await bob.stop()
    changeDatabase(bob.profile, 'DELETE FROM ratchets')
    const waiting = await Promise.all(['one', 'two', 'three'].map((text) => alice.send('bob', text)))
    const notices = alice.notices(AbortSignal.timeout(60_000))[Symbol.asyncIterator]()
    const bobAgain = await again('bob', port)
    for (const { id } of waiting) expect(await alice.waitFor(id, 'delivered')).toMatchObject({ state: 'delivered' })
    const { messages } = await bobAgain.history('alice', 10)
    expect(messages.map(({ text }) => text)).toEqual(['three', 'two', 'one', 'answer', 'before'])
    const tried = waiting.flatMap(({ id }) => alice.why(id).attempts.map(({ outcome }) => outcome))
    expect(tried).toContain('undecryptable')
    const { id: last } = await alice.send('bob', 'and on')
    await alice.waitFor(last, 'delivered')
    const { notes = [] } = await alice.history('bob', 10)
    expect(notes).toMatchObject([{ kind: 'ratchet-renewed', level: 'info', text: expect.stringContaining('with bob') }])
    expect((await notices.next()).value).toEqual({ account: bob.identity.accountId, ...notes[0] })
    // It stands among the messages: behind those that failed at first, before the one that followed. Each page shows its own.
    expect(lines(alice)).toEqual(['before', 'answer', 'one', 'two', 'three', 'ratchet-renewed', 'and on'])
    expect((await alice.history('bob', 1)).notes).toBeUndefined()
    expect((await alice.history('bob', 1, { before: last })).notes).toEqual(notes)
  })

  test('begin a ratchet anew that one side had put back: nothing is lost or doubled, in either direction', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    const exchange = async (one: Peer, other: Peer, texts: readonly string[]) => {
      for (const text of texts) {
        await one.waitFor((await one.send('bob', text)).id, 'delivered')
        await other.waitFor((await other.send('alice', `${text}, heard`)).id, 'delivered')
      }
    }
    await exchange(alice, bob, ['one'])
    await alice.stop()
    changeDatabase(alice.profile, 'CREATE TABLE put_aside AS SELECT * FROM ratchets')
    const second = await again('alice')
    await second.connect(formatPeerAddress(bob.address))
    await exchange(second, bob, ['two', 'three'])
    await Promise.all([second.stop(), bob.stop()])
    expect(changeDatabase(alice.profile, 'INSERT OR REPLACE INTO ratchets SELECT * FROM put_aside')).toBe(1)
    changeDatabase(alice.profile, 'DROP TABLE put_aside')
    const [third, bobAgain] = [await again('alice'), await again('bob', port)]
    const [mine, theirs] = await Promise.all([third.send('bob', 'four'), bobAgain.send('alice', 'four from bob')])
    await third.connect(formatPeerAddress(bobAgain.address))
    await Promise.all([third.waitFor(mine.id, 'delivered'), bobAgain.waitFor(theirs.id, 'delivered')])
    await exchange(third, bobAgain, ['five'])
    const said = ['one', 'two', 'three'].flatMap((text) => [text, `${text}, heard`])
    for (const peer of [third, bobAgain]) {
      const { messages } = await peer.history(peer === third ? 'bob' : 'alice', 20)
      const texts = messages.map(({ text }) => text).reverse()
      expect(texts.slice(0, 6)).toEqual(said)
      expect(texts.slice(6).toSorted()).toEqual(['five', 'five, heard', 'four', 'four from bob'])
    }
    expect(lines(third).filter((line) => line === 'ratchet-renewed').length).toBeLessThanOrEqual(1)
    expect(lines(third).concat(lines(bobAgain))).toContain('ratchet-renewed')
  })

  test('deliver first messages that cross, over ratchets that both began', async () => {
    let haveCrossed = false
    // Whose comes first is up to the machine; that both come first, nearly always.
    for (let tries = 0; tries < 5 && !haveCrossed; tries += 1) {
      await using peers = await pair()
      const { alice, bob } = peers
      const texts = Array.from({ length: 20 }, (_, at) => `${at}`)
      const [mine, theirs] = await Promise.all([
        Promise.all(texts.map((text) => alice.send('bob', text))),
        Promise.all(texts.map((text) => bob.send('alice', text))),
      ])
      await Promise.all([
        alice.waitFor(mine.at(-1)?.id ?? '', 'delivered'),
        bob.waitFor(theirs.at(-1)?.id ?? '', 'delivered'),
      ])
      await alice.waitFor((await alice.send('bob', 'and on')).id, 'delivered')
      await bob.waitFor((await bob.send('alice', 'and back')).id, 'delivered')
      for (const [peer, who] of [
        [alice, 'bob'],
        [bob, 'alice'],
      ] as const) {
        const { messages } = await peer.history(who, 100)
        for (const [direction, last] of [
          ['in', peer === alice ? 'and back' : 'and on'],
          ['out', peer === alice ? 'and on' : 'and back'],
        ] as const)
          expect(
            messages
              .filter((one) => one.direction === direction)
              .map(({ text }) => text)
              .reverse(),
          ).toEqual([...texts, last])
      }
      await Promise.all([alice.stop(), bob.stop()])
      // Both began a ratchet, and neither had to begin another one.
      const begun = [alice, bob].map(({ profile }) =>
        changeDatabase(profile, 'UPDATE devices SET generation = generation WHERE generation = 1'),
      )
      haveCrossed = begun.every((ratchets) => ratchets === 1)
    }
    expect(haveCrossed).toBe(true)
  })

  test('edit, after they were put back to an older copy, what the other side had got before', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    await alice.waitFor((await alice.send('bob', 'hello')).id, 'delivered')
    await bob.stop()
    const { id } = await alice.send('bob', 'see you at eight')
    await alice.stop()
    const copy = `${alice.profile}-copy`
    await cp(alice.profile, copy, { recursive: true })
    const [second, bobAgain] = [await again('alice'), await again('bob', port)]
    await second.waitFor(id, 'delivered')
    await second.waitFor((await second.send('bob', 'forgotten')).id, 'delivered')
    await second.stop()
    await rm(alice.profile, { recursive: true })
    await rename(copy, alice.profile)

    const third = await again('alice')
    await third.connect(formatPeerAddress(bobAgain.address))
    await third.waitFor(id, 'delivered')
    const { edited } = await third.conversations.changes.edit(id, 'see you at nine')
    await third.waitFor(edited?.by ?? '', 'delivered')
    const { messages, notes } = await bobAgain.history('alice', 10)
    expect(messages.map(({ text }) => text)).toEqual(['forgotten', 'see you at nine', 'hello'])
    expect(notes).toMatchObject([{ kind: 'new-epoch' }])
    expect((await third.history('bob', 10)).notes).toMatchObject([{ kind: 'rolled-back', level: 'warn' }])
    expect(lines(bobAgain)).toEqual(['hello', 'see you at nine', 'forgotten', 'new-epoch'])
  })

  test('go on with a key that came to the disk when the rotation to it was killed, and contacts follow', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    await alice.waitFor((await alice.send('bob', 'before')).id, 'delivered')
    await alice.stop()
    // The first step of a rotation, and none of the others.
    const killed = new CurrentIdentity(await loadIdentity(alice.profile, undefined), alice.profile, undefined)
    await killed.change((identity) => withNewAccountKey(identity, Date.now()))
    const aliceAgain = await again('alice')
    await aliceAgain.connect(formatPeerAddress(bob.address))
    await aliceAgain.waitFor((await aliceAgain.send('bob', 'after')).id, 'delivered')
    const { messages, notes } = await bob.history('alice', 10)
    expect(messages.map(({ text }) => text)).toEqual(['after', 'before'])
    expect(notes).toMatchObject([{ kind: 'key-rotated' }])
    expect((await bob.trust.safetyNumber('alice')).number).toBe((await aliceAgain.trust.safetyNumber('bob')).number)
    expect(await aliceAgain.account.rotateKey()).toMatchObject({ rotations: 2 })
    await aliceAgain.stop()
    // Both are in the log of events, the interrupted one too.
    expect(changeDatabase(alice.profile, "DELETE FROM events WHERE kind = 'key-rotated'")).toBe(2)
  })

  test('send the same idempotency key once, however often and however soon it is asked for', async () => {
    await using peers = await pair()
    const { alice } = peers
    const ask = () => alice.send('bob', 'only once', { idempotencyKey: 'a key' })
    const [one, two] = await Promise.all([ask(), ask()])
    const three = await ask()
    expect(new Set([one.id, two.id, three.id]).size).toBe(1)
    await expect(alice.send('bob', 'something else', { idempotencyKey: 'a key' })).rejects.toMatchObject({
      code: 'idempotency-conflict',
    })
    expect((await alice.history('bob', 10)).messages).toHaveLength(1)
  })

  test('carry application bytes as they are, to somebody who is connected', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    const arrived = bob.receiveRaw()[Symbol.asyncIterator]()
    expect(await alice.sendRaw('bob', Buffer.from([0, 1, 255]))).toBe(true)
    expect((await arrived.next()).value).toMatchObject({
      account: alice.identity.accountId,
      bytes: Buffer.from([0, 1, 255]),
    })
    await alice.disconnect('bob')
    expect(await alice.isConnected('bob')).toBe(false)
    expect(await alice.sendRaw('bob', Buffer.from([1]))).toBe(false)
  })

  test('take a message back as long as it has not left', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    await alice.waitFor((await alice.send('bob', 'first')).id, 'delivered')
    await bob.stop()
    const regretted = await alice.send('bob', 'regretted')
    const kept = await alice.send('bob', 'kept')
    expect(await alice.cancel(regretted.id)).toMatchObject({ state: 'cancelled' })
    const bobAgain = await again('bob', port)
    await alice.waitFor(kept.id, 'delivered')
    expect((await bobAgain.history('alice', 10)).messages.map(({ text }) => text)).toEqual(['kept', 'first'])
  })

  test('have one safety number; comparing it is remembered, and another number is refused', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    await alice.waitFor((await alice.send('bob', 'hello')).id, 'delivered')
    const [atAlice, atBob] = [await alice.trust.safetyNumber('bob'), await bob.trust.safetyNumber('alice')]
    expect(atAlice).toMatchObject({ name: 'bob', verification: 'none', number: atBob.number })
    await expect(alice.trust.verify('bob', `0${atBob.number.slice(1)}1`.slice(-60))).rejects.toMatchObject({
      code: 'safety-number-differs',
    })
    await expect(alice.trust.verify('bob', 'hello')).rejects.toMatchObject({ code: 'bad-proof' })
    expect(alice.peers()).toMatchObject([{ verification: 'none' }])

    expect(await alice.trust.verify('bob', atBob.scannable)).toMatchObject({ verification: 'verified' })
    expect(alice.peers()).toMatchObject([{ verification: 'verified' }])
    expect(alice.trust.summary()).toEqual({ known: 1, verified: 1, keyChanged: [] })
    await alice.stop()
    const aliceAgain = await again('alice')
    expect((await aliceAgain.history('bob', 1)).contact).toMatchObject({ name: 'bob', verification: 'verified' })
    expect(await aliceAgain.trust.unverify('bob')).toMatchObject({ verification: 'none' })
    expect(lines(aliceAgain)).toEqual(['hello', 'verified', 'unverified'])
    await expect(aliceAgain.trust.safetyNumber(alice.identity.accountId)).rejects.toMatchObject({ code: 'self' })
  })

  test('change and delete what they wrote, wherever it is', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    const told = bob.receive()[Symbol.asyncIterator]()
    const first = await alice.send('bob', 'see you at eight')
    const second = await alice.send('bob', 'a secret')
    await alice.waitFor(second.id, 'delivered')
    await expect(alice.cancel(first.id)).rejects.toMatchObject({ code: 'already-sent' })
    const edited = await alice.conversations.changes.edit(first.id, 'see you at nine')
    expect(edited).toMatchObject({ id: first.id, text: 'see you at nine', state: 'delivered' })
    const deleted = await alice.conversations.changes.remove(second.id)
    expect(deleted).toMatchObject({ id: second.id, text: '', state: 'delivered' })
    await alice.waitFor(deleted.deleted?.by ?? '', 'delivered')
    expect((await alice.history('bob', 10)).messages).toMatchObject([
      { text: '', deleted: { state: 'delivered' } },
      { text: 'see you at nine', edited: { by: edited.edited?.by, state: 'delivered' } },
    ])
    const { messages } = await bob.history('alice', 10)
    expect(messages).toMatchObject([
      { text: '', deleted: {} },
      { text: 'see you at nine', edited: {} },
    ])
    const [secret, meeting] = messages
    for (const about of [
      { kind: 'text', id: meeting?.id },
      { kind: 'text', id: secret?.id },
      { kind: 'edit', text: 'see you at nine', about: meeting?.id },
      { kind: 'delete', text: '', about: secret?.id },
    ])
      expect((await told.next()).value).toMatchObject(about)
    await expect(bob.conversations.changes.edit(meeting?.id ?? '', 'no')).rejects.toMatchObject({
      code: 'not-editable',
    })
    await expect(alice.conversations.changes.edit(second.id, 'no')).rejects.toMatchObject({ code: 'not-editable' })

    await bob.stop()
    const waiting = await alice.send('bob', 'draft', { priority: 'urgent', deadline: Date.now() + 3_600_000 })
    const regretted = await alice.send('bob', 'regretted')
    const inPlace = await alice.conversations.changes.edit(waiting.id, 'final')
    expect(inPlace).toMatchObject({ text: 'final', state: 'queued', priority: 'urgent', deadline: waiting.deadline })
    const tooMuch = alice.conversations.changes.edit(waiting.id, 'x'.repeat(MAX_CONTENT_BYTES + 1))
    await expect(tooMuch).rejects.toMatchObject({ code: 'too-large' })
    expect(inPlace.edited).toBeUndefined()
    expect(await alice.conversations.changes.remove(regretted.id)).toMatchObject({
      kind: 'void',
      text: '',
      state: 'cancelled',
    })
    expect((await alice.history('bob', 1)).messages).toMatchObject([{ id: regretted.id, state: 'cancelled' }])
    const bobAgain = await again('bob', port)
    await alice.waitFor(waiting.id, 'delivered')
    expect((await bobAgain.history('alice', 1)).messages).toMatchObject([{ text: 'final', priority: 'urgent' }])
    await expect(alice.send('bob', 'too late', { deadline: Date.now() - 1 })).rejects.toMatchObject({
      code: 'deadline-past',
    })
  })

  test('answer messages, and react to them, wherever they are', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const { port } = bob.address
    const question = await alice.send('bob', 'tea?')
    await alice.waitFor(question.id, 'delivered')
    const [asked] = (await bob.history('alice', 1)).messages
    const answer = await bob.send('alice', 'with milk', { replyTo: asked?.id })
    expect(answer.replyTo).toEqual({ message: { id: asked?.id, direction: 'in', text: 'tea?' } })
    await bob.waitFor(answer.id, 'delivered')
    const [answered] = (await alice.history('bob', 1)).messages
    expect(answered?.replyTo).toEqual({ message: { id: question.id, direction: 'out', text: 'tea?' } })
    await expect(bob.send('alice', 'no', { replyTo: question.id })).rejects.toMatchObject({ code: 'unknown-message' })

    const { reacting, changes } = alice.conversations
    const end = new AbortController()
    const events = bob.happenings(end.signal)[Symbol.asyncIterator]()
    expect(await reacting.react(answered?.id ?? '', '👍')).toMatchObject({
      id: answered?.id,
      reactions: [{ emoji: '👍', by: [{ direction: 'out' }] }],
    })
    expect((await events.next()).value).toMatchObject({ kind: 'received' })
    end.abort()
    expect(bob.message(answer.id)?.reactions).toMatchObject([{ emoji: '👍', by: [{ direction: 'in' }] }])
    expect(bob.overview.list()).toMatchObject([{ last: { text: 'with milk' }, unread: 1 }])

    // What has not left yet is changed where it stands: he never hears of what was between.
    await bob.stop()
    const waiting = alice.pending()
    await reacting.react(answered?.id ?? '', '🎉')
    await reacting.react(answered?.id ?? '', '🎈')
    await reacting.react(answered?.id ?? '', '🎈')
    expect(alice.pending()).toBe(waiting + 1)
    const late = await alice.send('bob', 'and sugar?', { replyTo: question.id })
    await changes.edit(late.id, 'and honey?')
    const bobAgain = await again('bob', port)
    await alice.waitFor(late.id, 'delivered')
    expect(bobAgain.message(answer.id)?.reactions).toMatchObject([{ emoji: '🎈' }])
    expect((await bobAgain.history('alice', 1)).messages).toMatchObject([
      { text: 'and honey?', replyTo: { message: { id: asked?.id, text: 'tea?' } } },
    ])
    await reacting.react(answered?.id ?? '', '')
    expect(alice.message(answered?.id ?? '')?.reactions).toBeUndefined()
    await expect(reacting.react('nothing', '👍')).rejects.toMatchObject({ code: 'unknown-message' })
  })

  test('tell each other that they are writing, while both want that, and keep nothing of it', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    const end = new AbortController()
    const news = bob.conversations.typing.news.read(end.signal)[Symbol.asyncIterator]()
    const bobsAccount = await alice.resolve('bob')
    const { typing } = alice.conversations
    // Whoever connected is no contact before something was said.
    await alice.waitFor((await alice.send('bob', 'hello')).id, 'delivered')
    await bob.waitFor((await bob.send('alice', 'hello')).id, 'delivered')
    const { messages } = await bob.history('alice', 9)
    expect(typing.tell(bobsAccount)).toBe(true)
    expect((await news.next()).value).toMatchObject({ name: 'alice', account: alice.identity.accountId })
    // Not again at once, and not to whoever is not connected.
    expect(typing.tell(bobsAccount)).toBe(false)
    expect(bob.conversations.typing.tell(await bob.resolve('alice'))).toBe(true)
    await bob.conversations.typing.turn('off')
    expect(bob.conversations.typing.isOn).toBe(false)
    expect(bob.conversations.typing.tell(await bob.resolve('alice'))).toBe(false)
    expect((await bob.history('alice', 9)).messages).toEqual(messages)
    end.abort()
  })

  test('tell each other how far they have read, once both want that', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    const send = async (text: string) => alice.waitFor((await alice.send('bob', text)).id, 'delivered')
    const states = async (peer: Peer) => (await peer.history('bob', 2)).messages.map(({ state }) => state).toReversed()
    const isRead = async (peer: Peer) => {
      for await (const { kind } of peer.happenings(AbortSignal.timeout(60_000))) if (kind === 'read') return
      throw new Error('nothing was read within a minute')
    }
    await send('one')
    expect(await bob.markRead('alice')).toBe(true)
    expect(await bob.markRead('alice')).toBe(false)
    await bob.receipts.turn('on')
    await alice.receipts.turn('on')
    await send('two')
    await send('three')
    const [third, second] = (await bob.history('alice', 2)).messages
    const secondRead = isRead(alice)
    expect(await bob.markRead('alice', second?.id)).toBe(true)
    await secondRead
    expect(await states(alice)).toEqual(['read', 'delivered'])
    await alice.stop()
    const aliceAgain = await again('alice')
    expect(aliceAgain.receipts.isOn).toBe(true)
    const thirdRead = isRead(aliceAgain)
    await bob.markRead('alice', third?.id)
    await aliceAgain.connect(formatPeerAddress(bob.address))
    await thirdRead
    expect(await states(aliceAgain)).toEqual(['read', 'read'])
  })

  test('hand out all that was said, in the order of the screen', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    const texts = Array.from({ length: 600 }, (_, at) => `text ${at}`)
    const sent = await Promise.all(texts.map((text) => alice.send('bob', text)))
    await alice.waitFor(sent.at(-1)?.id ?? '', 'delivered')
    const { edited } = await alice.conversations.changes.edit(sent[0]?.id ?? '', 'edited')
    await alice.waitFor(edited?.by ?? '', 'delivered')
    const answer = await bob.send('alice', 'answer')
    await bob.waitFor(answer.id, 'delivered')
    const said = [...alice.archive.export()]
    expect(said[0]).toMatchObject({ type: 'export', name: 'alice' })
    expect(said.at(-1)).toEqual({ type: 'end', messages: 601 })
    const lines = said.flatMap((record) => (record.type === 'message' ? [record] : []))
    expect(lines.map(({ text }) => text)).toEqual(['edited', ...texts.slice(1), 'answer'])
    // Bob's answer names the last that he had seen of alice, which is her edit; alice had seen nothing of him.
    expect(lines.map(({ parents = [] }) => parents.length)).toEqual([...texts.map(() => 0), 1])
    const again = await bob.send('alice', 'and again')
    expect(
      [...bob.archive.export()].find((record) => record.type === 'message' && record.id === again.id),
    ).not.toHaveProperty('parents')
    const heard = [...bob.archive.export({ account: alice.identity.accountId })].flatMap((record) =>
      record.type === 'message' ? [record] : [],
    )
    expect(heard.slice(0, -1).map(({ messageId }) => messageId)).toEqual(lines.map(({ messageId }) => messageId))
    expect([...alice.archive.export({ since: Date.now() + 1_000 })].at(-1)).toEqual({ type: 'end', messages: 0 })
  })

  test('show a message of a time that is no date, as versions of before took it in', async () => {
    await using peers = await pair()
    const { alice, bob, again } = peers
    for (const text of ['before', 'far ahead', 'after'])
      await alice.waitFor((await alice.send('bob', text)).id, 'delivered')
    await Promise.all([alice.stop(), bob.stop()])
    {
      using stack = new DisposableStack()
      const database = stack.adopt(openDatabase(join(bob.profile, 'parley.db')), (opened) => opened.close())
      const rows = database.prepare<[], { position: number; bytes: Uint8Array }>('SELECT position, bytes FROM messages')
      const row = rows.all()[1]
      const message = decodeMessage(row?.bytes ?? Buffer.of())
      const bytes = chainMessage(draftMessage(message, { ...message, sentAt: 9e15, deadline: 9e15 }), message.prev)
      database.prepare('UPDATE messages SET bytes = ? WHERE position = ?').run(bytes, row?.position)
    }
    const bobAgain = await again('bob')
    const { messages } = await bobAgain.history('alice', 10)
    expect(messages.map(({ text }) => text)).toEqual(['after', 'far ahead', 'before'])
    expect(messages[1]).toMatchObject({ sentAt: MAX_MOMENT_MS, deadline: MAX_MOMENT_MS })
    expect(lines(bobAgain)).toEqual(['before', 'far ahead', 'after'])
    expect(bobAgain.overview.list()).toMatchObject([{ unread: 3 }])
    const { hits } = await bobAgain.archive.search('ahead')
    expect(hits.map(({ message }) => message.text)).toEqual(['far ahead'])
  })

  test('go on reaching those who wrote, and leave it to strangers to come again', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    /** What Bob does about Alice once she is gone. */
    const linkAfter = async (peer: Peer) => {
      const end = new AbortController()
      const changes = bob.peerChanges(end.signal)
      await peer.stop()
      for await (const { link } of changes) if (link.state !== 'connected') end.abort()
      await setImmediate()
      return bob.peers()[0]?.link.state
    }
    expect(await linkAfter(alice)).toBe('idle')
    const again = await peers.again('alice')
    await again.connect(formatPeerAddress(bob.address))
    await again.waitFor((await again.send('bob', 'hello')).id, 'delivered')
    expect(await linkAfter(again)).toBe('waiting')
  })

  test('name what is wrong with what they are asked', async () => {
    await using peers = await pair()
    const { alice } = peers
    await expect(alice.send('nobody', 'hi')).rejects.toMatchObject({ code: 'unknown-name' })
    await expect(alice.send('no such name!', 'hi')).rejects.toMatchObject({ code: 'unknown-name' })
    await expect(alice.find('bob')).rejects.toMatchObject({ code: 'no-directory' })
    expect(() => alice.why('AAAAAAAAAAAAAAAAAAAAAA')).toThrow('there is no message')
    await expect(alice.connect('127.0.0.1:1', AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code: 'unreachable',
    })
  })
})

async function apart(peer: Peer, from: string): Promise<void> {
  while (await peer.isConnected(from)) await setTimeout(20)
}

test('a profile that somebody made in the meantime is taken as it is, and nothing else is taken for one', async () => {
  await using place = await tempDirectory()
  const profile = join(place.path, 'alice')
  expect(await createProfileIfAbsent({ name: 'alice', profile })).toBe(true)
  const made = await readFile(join(profile, 'identity.json'), 'utf8')
  expect(await createProfileIfAbsent({ name: 'alice', profile })).toBe(false)
  expect(await readFile(join(profile, 'identity.json'), 'utf8')).toBe(made)
  await writeFile(join(place.path, 'letter.txt'), 'not a profile', { mode: 0o600 })
  await rm(profile, { recursive: true })
  const other = createProfileIfAbsent({ name: 'alice', profile: place.path })
  await expect(other).rejects.toMatchObject({ code: 'profile-exists' })
})

test('what comes too late for a peer that has stopped is refused, and is no failure of its disk', async () => {
  await using place = await tempDirectory()
  const broken: Error[] = []
  const options = { name: 'alice', profile: join(place.path, 'alice') }
  const never = createPeer(options)
  await never.stop()
  await expect(never.start()).rejects.toThrow('was stopped')
  const alice = await createPeer({ ...options, onBroken: (error) => broken.push(error) }).start()
  const { receipts } = alice
  await alice.stop()
  await expect(receipts.turn('on')).rejects.toMatchObject({ code: 'closed' })
  expect(broken).toEqual([])
})

test('what a write that was killed left of the keys is gone after the next start', async () => {
  await using place = await tempDirectory()
  const profile = join(place.path, 'alice')
  await (await createPeer({ name: 'alice', profile }).start()).stop()
  const left = join(profile, 'identity.json.0123456789ab.tmp')
  await writeFile(left, await readFile(join(profile, 'identity.json')), { mode: 0o600 })
  await using alice = await createPeer({ name: 'alice', profile }).start()
  expect(await readdir(alice.profile)).not.toContain('identity.json.0123456789ab.tmp')
})

test('a peer whose port is taken says so and leaves nothing behind that its process would live on for', async () => {
  await using place = await tempDirectory()
  const taken = createServer()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  using timers = openTimers()
  try {
    const { port } = z.object({ port: z.int() }).parse(taken.address())
    const options = { name: 'alice', profile: join(place.path, 'alice') }
    await expect(createPeer({ ...options, listen: { port } }).start()).rejects.toMatchObject({ code: 'address-in-use' })
    expect([...timers.open.values()]).toEqual([])
    await using again = await createPeer(options).start()
    expect(timers.open.size).toBeGreaterThan(0)
    await again.stop()
    expect([...timers.open.values()]).toEqual([])
  } finally {
    taken.close()
  }
})

test('neither does one whose blacklist cannot be read, though a message waits for its deadline', async () => {
  await using peers = await pair()
  const { alice, bob, again } = peers
  await bob.stop()
  await alice.send('bob', 'soon', { deadline: Date.now() + 3_600_000 })
  await alice.stop()
  const list = join(alice.profile, 'blacklist.txt')
  await writeFile(list, 'whoever it is\n')
  using timers = openTimers()
  await expect(again('alice')).rejects.toMatchObject({ code: 'bad-blacklist' })
  expect([...timers.open.values()]).toEqual([])
})

/** By identity, the milliseconds of what runs later, as long as it neither ran nor was called off. */
function openTimers(): Disposable & { readonly open: ReadonlyMap<symbol, number> } {
  const open = new Map<symbol, number>()
  const after = systemClock.after.bind(systemClock)
  const spy = vi.spyOn(systemClock, 'after').mockImplementation((ms, run) => {
    const id = Symbol()
    open.set(id, ms)
    const cancel = after(ms, () => {
      open.delete(id)
      run()
    })
    return () => {
      open.delete(id)
      cancel()
    }
  })
  return { open, [Symbol.dispose]: () => spy.mockRestore() }
}

describe('a peer lets in', () => {
  test('nobody on its blacklist, from the moment the entry is saved until it is gone', async () => {
    await using peers = await pair()
    const { alice, bob } = peers
    const list = join(bob.profile, 'blacklist.txt')
    await alice.waitFor((await alice.send('bob', 'hello')).id, 'delivered')

    await writeFile(list, `${alice.identity.accountId} # enough\n`)
    // Each side hears of the end by itself.
    await Promise.all([apart(bob, 'alice'), apart(alice, 'bob')])
    await expect(bob.send('alice', 'and you')).rejects.toMatchObject({ code: 'blocked' })
    await expect(bob.connect('alice')).rejects.toMatchObject({ code: 'blocked' })
    await expect(alice.connect('bob')).rejects.toMatchObject({ code: 'unreachable' })
    const { id } = await alice.send('bob', 'are you there?')

    await writeFile(list, '')
    expect(await alice.waitFor(id, 'delivered')).toMatchObject({ state: 'delivered' })
    await writeFile(list, '127.0.0.0/8\n')
    await Promise.all([apart(bob, 'alice'), apart(alice, 'bob')])
    await expect(alice.connect('bob')).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('only those who know the token of its network, and tells it to nobody', async () => {
    await using place = await tempDirectory()
    const token = 'a-secret-of-the-office'
    await using stack = new AsyncDisposableStack()
    const start = (name: string, networkToken?: string) =>
      stack.use(createPeer({ name, profile: join(place.path, name), networkToken })).start()
    const [alice, bob, eve, mallory] = await Promise.all([
      start('alice', token),
      start('bob', token),
      start('eve'),
      start('mallory', 'some-other-secret'),
    ])
    const at = formatPeerAddress(bob.address)
    await expect(eve.connect(at)).rejects.toThrow(/wrong-network/)
    await expect(mallory.connect(at)).rejects.toMatchObject({ code: 'unreachable' })
    await expect(bob.connect(formatPeerAddress(eve.address))).rejects.toThrow(/wrong-network/)
    await alice.connect(at)
    await alice.waitFor((await alice.send('bob', 'among us')).id, 'delivered')
    expect(bob.peers().map(({ name }) => name)).toEqual(['alice'])
    await expect(start('carol', 'short')).rejects.toThrow('16 to 512')
  })
})

/** What it changed in the database of a peer that is stopped. */
function changeDatabase(profile: string, sql: string): number {
  const database = openDatabase(join(profile, 'parley.db'))
  try {
    return database.prepare(sql).run().changes
  } finally {
    database.close()
  }
}
