import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { directConversationId, messageHash, streamRoot } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, Epoch, randomId } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { MAX_MESSAGE_SEARCHES } from '@parley/shared/limits.ts'
import { chainMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { encodeDelete, encodeEdit, type MessageReference, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Indexing } from '#conversation/indexing.ts'
import { MessageViews } from '#conversation/message-views.ts'
import { Reactions } from '#conversation/reactions.ts'
import { Revisions } from '#conversation/revisions.ts'
import { Search, type SearchOptions } from '#conversation/search.ts'
import { marksOf, readTerms, snippetOf } from '#conversation/search-query.ts'
import { type Incoming, placeMessages, readIncoming, withheldIncoming } from '#delivery/placing.ts'
import { SILENT_LOG } from '#delivery/ports.ts'
import type { DatabaseKey } from '#store/database-key.ts'
import { newTag } from '#store/local-ids.ts'
import { MatchThread } from '#store/match-thread.ts'
import { openStore } from '#store/store.ts'
import { type MatchQuestion, WordMatches } from '#store/word-matches.ts'
import { indexedWords, shownWords } from '../support/index-of-words.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const account = (): AccountId => AccountId.parse(generateKeyPair(AccountKey).publicKey)
const DAY = 86_400_000

interface SetUp {
  readonly file?: string
  readonly key?: DatabaseKey
  /** Of the index, without a thread. */
  readonly match?: (matches: WordMatches, question: MatchQuestion) => Promise<number[]>
}

/** A peer that bob and carol write to, and its search; nothing is indexed before somebody looks. */
function setUp({ file = ':memory:', key, match = async (matches, asked) => matches.match(asked) }: SetUp = {}) {
  const unbroken = (error: Error) => {
    throw error
  }
  const store = openStore(file, unbroken, key)
  const me = account()
  const [bob, carol] = [account(), account()]
  for (const one of [bob, carol])
    store.contacts.insert({
      account: one,
      state: 'accepted',
      accountKey: AccountKey.parse(one),
      displayName: 'x',
      addedAt: 1,
    })
  const revisions = new Revisions(store)
  const contacts = {
    label: (one: AccountId) => ({ name: one === bob ? 'bob' : 'carol', isVerified: true }),
    get: (one: AccountId) => store.contacts.get(one),
  }
  const views = new MessageViews({
    store,
    revisions,
    reactions: new Reactions(store),
    contacts,
    me: { account: me, device: generateKeyPair(DeviceKey).publicKey },
  })
  const clock = { elapsedMs: () => 0, after: () => () => undefined }
  const indexing = new Indexing({ store, views, revisions, clock, log: SILENT_LOG })
  const matches = new WordMatches(store.database)
  const asking = { match: (asked: MatchQuestion) => match(matches, asked), stop: () => Promise.resolve() }
  const search = new Search({ store, views, indexing, matches: asking, contacts, me })
  let now = 0
  const writer = (owner: AccountId) => {
    const { publicKey: device } = generateKeyPair(DeviceKey)
    store.devices.upsert({ device, account: owner, certificate: device, signalIdentity: '' }, 1)
    const conversation = directConversationId(me, owner === me ? bob : owner)
    const epoch = randomId(Epoch)
    let prev = streamRoot(device, conversation, epoch)
    let seq = 0
    /** `arrives`: now, or after its place without it. */
    return (
      kind: string,
      body: string | Uint8Array,
      { sentAt = now, arrives = 'now' }: { sentAt?: number; arrives?: 'now' | 'later' } = {},
    ): MessageReference & { readonly arrive: () => void } => {
      now += 1
      seq += 1
      const content = {
        kind,
        critical: true,
        parents: [],
        lamport: now,
        sentAt,
        priority: 1 as const,
        body: Buffer.from(body),
      }
      const bytes = chainMessage(draftMessage({ conversation, epoch, seq }, content), prev)
      const withheld = withheldIncoming({ epoch, seq, prev, hash: messageHash(bytes), reason: 'expired' })
      prev = messageHash(bytes)
      const place = (incoming: Incoming) => {
        const stream =
          store.streams.byEpoch(device, epoch) ??
          store.streams.insert({ tag: newTag(randomBytes), device, conversation, epoch, base: 1 })
        const { special } = placeMessages(store, device, stream, [incoming], Math.max(now, sentAt))
        for (const message of special) revisions.record(owner, message)
      }
      place(arrives === 'now' ? readIncoming(bytes) : withheld)
      return { device, epoch, seq, arrive: () => place(readIncoming(bytes)) }
    }
  }
  const find = async (query: string, options: SearchOptions = {}) =>
    (await search.find(query, options)).hits.map(({ message }) => message.text)
  return { store, views, indexing, search, find, writer, me, bob, carol }
}

test('words are found in any case and without their accents, the youngest message first', async () => {
  const { writer, bob, carol, find } = setUp()
  const [fromBob, fromCarol] = [writer(bob), writer(carol)]
  fromBob(TEXT_KIND, 'Die Straße nach Málaga')
  fromCarol(TEXT_KIND, 'die strasse')
  fromBob(TEXT_KIND, 'DIE STRASSE!')
  expect(await find('straße')).toEqual(['DIE STRASSE!', 'die strasse', 'Die Straße nach Málaga'])
  expect(await find('malaga STRASSE')).toEqual(['Die Straße nach Málaga'])
  expect(await find('málaga')).toEqual(['Die Straße nach Málaga'])
})

test('only the last word may be a beginning, and not behind a closing quotation mark or a space', async () => {
  const { writer, bob, find } = setUp()
  const write = writer(bob)
  write(TEXT_KIND, 'lunch on friday')
  write(TEXT_KIND, 'on lunchtime')
  expect(await find('lun')).toHaveLength(2)
  expect(await find('lunch fri')).toEqual(['lunch on friday'])
  expect(await find('fri lunch')).toEqual([])
  expect(await find('"lunch"')).toEqual(['lunch on friday'])
  expect(await find('lunch ')).toEqual(['lunch on friday'])
  expect(await find('“on fri')).toEqual(['lunch on friday'])
  expect(await find('"friday on"')).toEqual([])
  expect(await find('l')).toEqual([])
})

test('scripts without spaces are searched by their characters, and emoji are words', async () => {
  const { writer, bob, find } = setUp()
  const write = writer(bob)
  for (const text of [
    '明天我们去北京吃饭',
    '東京タワーへ行く',
    '학교에서 만나요',
    'ไปกินข้าวกัน',
    'well done 👍🏽',
    'हिन्दी में',
  ])
    write(TEXT_KIND, text)
  expect(await find('北京')).toEqual(['明天我们去北京吃饭'])
  expect(await find('京北')).toEqual([])
  expect(await find('タワー')).toEqual(['東京タワーへ行く'])
  expect(await find('학교')).toEqual(['학교에서 만나요'])
  expect(await find('ข้าว')).toEqual(['ไปกินข้าวกัน'])
  expect(await find('👍')).toEqual(['well done 👍🏽'])
  expect(await find('हिन्दी')).toEqual(['हिन्दी में'])
})

test('what means something to FTS5 is only text', async () => {
  const { writer, bob, find, search } = setUp()
  writer(bob)(TEXT_KIND, 'NOT near OR* {text}: a-b_c "d" (e) ^f + 7')
  for (const query of ['NOT', 'near OR', '{text}', 'text:', 'a-b_c', '(e)', '^f', '+ 7', 'NEAR(near OR)', '"d" AND'])
    expect([query, await find(query)]).toEqual([
      query,
      query.includes('AND') || query.includes('NEAR(') ? [] : [expect.any(String)],
    ])
  for (const query of ['*', '"', '""', '( )', '-', '.'])
    await expect(search.find(query)).rejects.toMatchObject({ code: 'no-words' })
})

test('a conversation, a writer and a time narrow what is found', async () => {
  const { writer, bob, carol, me, find } = setUp()
  const [fromBob, fromCarol, fromMe] = [writer(bob), writer(carol), writer(me)]
  for (let day = 1; day <= 4; day += 1) fromBob(TEXT_KIND, `apple ${day}`, { sentAt: day * DAY })
  fromCarol(TEXT_KIND, 'apple of carol', { sentAt: 2 * DAY })
  fromMe(TEXT_KIND, 'apple of mine', { sentAt: 3 * DAY })
  expect(await find('apple', { conversation: bob, sender: me })).toEqual(['apple of mine'])
  expect(await find('apple', { conversation: carol })).toEqual(['apple of carol'])
  expect(await find('apple', { sender: bob, after: 2 * DAY, before: 4 * DAY })).toEqual(['apple 3', 'apple 2'])
  expect(await find('apple', { after: 4 * DAY + 1 })).toEqual([])
  expect(await find('apple', { before: 2 * DAY })).toEqual(['apple 1'])
  expect(await find('apple', { conversation: account() })).toEqual([])
})

test('what was withheld and comes after all is found from then on', async () => {
  const { writer, bob, find } = setUp()
  const write = writer(bob)
  const late = write(TEXT_KIND, 'apple that is late', { arrives: 'later' })
  write(TEXT_KIND, 'apple')
  expect(await find('apple')).toEqual(['apple'])
  late.arrive()
  expect(await find('apple')).toEqual(['apple', 'apple that is late'])
})

test('pages follow one another without a gap, whatever is written in between', async () => {
  const { writer, bob, search } = setUp()
  const write = writer(bob)
  for (let n = 1; n <= 7; n += 1) write(TEXT_KIND, `pear ${n}`)
  const texts: string[] = []
  let cursor: string | undefined
  do {
    const page = await search.find('pear', { limit: 3, cursor })
    texts.push(...page.hits.map(({ message }) => message.text))
    write(TEXT_KIND, 'pear, later')
    cursor = page.next
  } while (cursor !== undefined)
  expect(texts).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => `pear ${n}`))
})

test('a snippet holds the first place, cuts between words, and marks all that it shows', () => {
  const text = `${'lorem ipsum '.repeat(30)}here is the 🦊 needle, in the middle${' dolor sit'.repeat(30)} needle`
  const snippet = snippetOf(text, marksOf(text, readTerms('needle the')))
  expect(snippet.text.length).toBeLessThanOrEqual(160)
  expect(snippet.marks.map(({ from, to }) => snippet.text.slice(from, to))).toEqual(['the', 'needle', 'the'])
  expect(snippet).toMatchObject({
    isCutBefore: true,
    isCutAfter: true,
    text: expect.stringMatching(/^(lorem|ipsum) .* (dolor|sit)$/),
  })
  const emoji = '🦊'.repeat(200)
  expect(snippetOf(emoji, marksOf(emoji, readTerms('🦊'))).text).toMatch(/^(?:🦊)+$/u)
  const short = 'Crème brûlée'
  expect(snippetOf(short, marksOf(short, readTerms('brul')))).toEqual({
    text: short,
    marks: [{ from: 6, to: 12 }],
    isCutBefore: false,
    isCutAfter: false,
  })
})

test('marks are where a walk over the text finds the words, and what has none is not found', () => {
  const word = fc.constantFrom('ab', 'AB', 'äb', 'abc', '北', '京', '👍', 'x')
  const text = fc.array(fc.tuple(word, fc.constantFrom(' ', '-', '\n', ''))).map((all) => all.flat().join(''))
  fc.assert(
    fc.property(text, fc.array(word, { minLength: 1, maxLength: 2 }), (body, wanted) => {
      const terms = readTerms(`"${wanted.join(' ')}"`)
      const marks = marksOf(body, terms)
      for (const [at, { from, to }] of marks.entries()) {
        expect(from).toBeLessThan(to)
        expect(from).toBeGreaterThanOrEqual(marks[at - 1]?.to ?? 0)
      }
      const { text: shown, marks: inside } = snippetOf(body, marks)
      expect(shown.isWellFormed()).toBe(body.isWellFormed())
      for (const { to } of inside) expect(to).toBeLessThanOrEqual(shown.length)
    }),
  )
})

test('the index is what a walk over all messages finds, after edits, deletions and indexing in any order', async () => {
  const step = fc.record({
    what: fc.constantFrom('write', 'write', 'write', 'edit', 'delete', 'index', 'index and lose it', 'search'),
    who: fc.constantFrom('bob', 'carol'),
    text: fc.constantFrom('red apple', 'green apple', 'RED pear', '', 'grün', '北京'),
    target: fc.nat(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { store, views, indexing, search, writer, bob, carol } = setUp()
      const writers = { bob: writer(bob), carol: writer(carol) }
      const written = { bob: [] as MessageReference[], carol: [] as MessageReference[] }
      for (const { what, who, text, target } of steps) {
        const of = written[who][target % Math.max(1, written[who].length)]
        // The second of two that stand for nothing yet names a message to come.
        const next = of && { ...of, seq: of.seq + 1 }
        if (what === 'write') written[who].push(writers[who](TEXT_KIND, text))
        else if (what === 'edit' && of && next) writers[who]('edit', encodeEdit(target % 5 === 0 ? next : of, text))
        else if (what === 'delete' && of) writers[who]('delete', encodeDelete(of))
        else if (what === 'index') store.database.transaction(() => indexing.advance(1 + (target % 3)))()
        else if (what === 'search') await search.find('apple').catch(() => undefined)
        else if (what === 'index and lose it')
          // As a process that is killed before its commit.
          expect(() =>
            store.database.transaction(() => {
              indexing.advance()
              throw new Error('killed')
            })(),
          ).toThrow('killed')
      }
      expect(await indexing.settle()).toBe(0)
      expect(indexedWords(store)).toEqual(shownWords(store, views))
      expect(store.database.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
      store.close()
    }),
    { numRuns: 40 },
  )
})

test('a word that was deleted is in none of the pages of the index', async () => {
  const { store, writer, bob, search } = setUp()
  const write = writer(bob)
  for (let n = 0; n < 200; n += 1) write(TEXT_KIND, `filler ${n}`)
  const of = write(TEXT_KIND, 'the quixoticsecret word')
  await search.find('filler')
  const pages = () =>
    Buffer.concat(store.database.prepare<[], Buffer>('SELECT block FROM message_words_data').pluck().all()).toString(
      'latin1',
    )
  expect(pages()).toContain('quixoticsecret')
  write('delete', encodeDelete(of))
  await search.find('filler')
  expect(pages()).not.toContain('quixoticsecret')
})

test('what is deleted while the index is asked is not shown', async () => {
  let whileAsked = () => undefined as unknown
  const { writer, bob, find } = setUp({
    match: async (matches, asked) => {
      const entries = matches.match(asked)
      whileAsked()
      return entries
    },
  })
  const write = writer(bob)
  write(TEXT_KIND, 'apple pie')
  const of = write(TEXT_KIND, 'apple cake')
  whileAsked = () => write('delete', encodeDelete(of))
  expect(await find('apple')).toEqual(['apple pie'])
})

test('so many searches are under way at a time; one more is refused, and none is asked for whoever has gone', async () => {
  const { promise: asked, resolve: answer } = Promise.withResolvers<void>()
  let questions = 0
  const { writer, bob, search } = setUp({
    match: async (matches, question) => {
      questions += 1
      await asked
      return matches.match(question)
    },
  })
  writer(bob)(TEXT_KIND, 'apple')
  await expect(search.find('apple', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  expect(questions).toBe(0)
  const underWay = Array.from({ length: MAX_MESSAGE_SEARCHES }, () => search.find('apple'))
  await expect(search.find('apple')).rejects.toMatchObject({ code: 'search-busy' })
  answer()
  for (const { hits } of await Promise.all(underWay)) expect(hits).toHaveLength(1)
  expect((await search.find('apple')).hits).toHaveLength(1)
})

test('a search that is judging what it found when the peer stops is done before the database is closed', async () => {
  const { promise: asked, resolve: tell } = Promise.withResolvers<void>()
  const { writer, bob, search, store } = setUp({
    match: async (matches, question) => {
      tell()
      return matches.match(question)
    },
  })
  const write = writer(bob)
  for (let n = 0; n < 40; n += 1) write(TEXT_KIND, `apple ${n}`)
  const found = search.find('apple', { limit: 100 })
  await asked
  await search.stop()
  store.close()
  expect((await found).hits).toHaveLength(40)
})

describe('the thread that asks the index', () => {
  const key = Buffer.alloc(32, 7)
  const BROKEN: MatchQuestion = { expression: '"', entries: { from: 1, to: 9 }, limit: 9 }
  const questionFor = (word: string): MatchQuestion => ({ ...BROKEN, expression: `"${word}"` })

  /** An encrypted database that holds "apple" and "pear", and a thread that reads it. */
  async function withThread(idleMs?: number) {
    const root = await tempDirectory()
    const file = join(root.path, 'parley.db')
    const world = setUp({ file, key })
    const write = world.writer(world.bob)
    for (const text of ['apple', 'pear']) write(TEXT_KIND, text)
    await world.indexing.settle()
    const deaths: Error[] = []
    const thread = new MatchThread({ file, key, idleMs, onDied: (error) => deaths.push(error) })
    const close = async () => {
      await thread.stop()
      world.store.close()
    }
    return {
      ...world,
      write,
      thread,
      deaths,
      close,
      files: () => readdir(root.path),
      async [Symbol.asyncDispose]() {
        await close()
        await root[Symbol.asyncDispose]()
      },
    }
  }

  test('answers in an encrypted profile, of what is committed now, and leaves nothing of it open', async () => {
    await using world = await withThread()
    const { thread, write, indexing } = world
    expect(thread.isRunning).toBe(false)
    expect(await thread.match(questionFor('apple'))).toEqual([1])
    write(TEXT_KIND, 'apple and pear')
    await indexing.settle()
    expect(await Promise.all(['apple', 'pear', 'plum'].map((word) => thread.match(questionFor(word))))).toEqual([
      [3, 1],
      [3, 2],
      [],
    ])
    await world.close()
    // Whoever changes the passphrase, or puts another file in its place, finds all in this one.
    expect(await world.files()).toEqual(['parley.db'])
    await expect(thread.match(questionFor('apple'))).rejects.toMatchObject({ code: 'stopped' })
  })

  test('is not asked for whoever has gone, and the next one gets the own answer', async () => {
    await using world = await withThread()
    const { thread, deaths } = world
    const [first, second] = [new AbortController(), new AbortController()]
    const asked = [
      thread.match(questionFor('apple'), first.signal),
      thread.match(BROKEN, second.signal),
      thread.match(questionFor('pear')),
    ]
    first.abort()
    second.abort()
    expect(await Promise.allSettled(asked)).toMatchObject([
      { reason: { name: 'AbortError' } },
      { reason: { name: 'AbortError' } },
      { value: [2] },
    ])
    expect(deaths).toEqual([])
  })

  test('refuses those who wait when it dies, and is there again for the next question', async () => {
    await using world = await withThread()
    const { thread, deaths } = world
    const asked = [thread.match(questionFor('apple')), thread.match(BROKEN), thread.match(questionFor('pear'))]
    expect(await Promise.allSettled(asked)).toMatchObject([
      { value: [1] },
      { reason: { code: 'died' } },
      { reason: { code: 'died' } },
    ])
    expect(deaths).toMatchObject([{ code: 'died', cause: { code: 'SQLITE_ERROR' } }])
    expect(await thread.match(questionFor('pear'))).toEqual([2])
  })

  test('ends when nobody asks, begins again, and refuses those who wait when the peer stops', async () => {
    await using world = await withThread(1)
    const { thread, deaths } = world
    expect(await thread.match(questionFor('apple'))).toEqual([1])
    for (let tries = 0; thread.isRunning && tries < 500; tries += 1) await delay(20)
    expect(thread.isRunning).toBe(false)
    const asked = [thread.match(questionFor('apple')), thread.match(questionFor('pear'))]
    const settled = Promise.allSettled(asked)
    await thread.stop()
    expect(await settled).toMatchObject([{ reason: { code: 'stopped' } }, { reason: { code: 'stopped' } }])
    expect(deaths).toEqual([])
  })
})
