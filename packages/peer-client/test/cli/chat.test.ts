import { PassThrough } from 'node:stream'
import { ApiClient } from '@parley/api-client'
import xterm from '@xterm/headless'
import { describe, expect, test } from 'vitest'
import { RequestError } from '#api/daemon.ts'
import { runChat } from '#cli/chat/run-chat.ts'
import { boxWith, insert, left, removeTo, right, wordLeft, wordRight } from '#cli/chat/text-box.ts'
import { EMPTY_THREAD } from '#cli/chat/thread.ts'
import { threadRows } from '#cli/chat/thread-rows.ts'
import { chatAt } from '../support/chat-at.ts'
import { announce, parleyAt } from '../support/command-line.ts'
import { rawCharacters } from '../support/raw-characters.ts'
import { runApi } from '../support/running-api.ts'
import { accountOf, TestDaemon } from '../support/test-daemon.ts'

/** Local times are compared in the time zone of whoever runs the tests. */
const at = (hours: number, minutes: number, day = 3) => new Date(2026, 1, day, hours, minutes).getTime()
const NOW = at(12, 0)
const now = () => NOW
const CONNECTED = { state: 'connected', since: 1, address: 'x', path: 'direct' } as const

async function world() {
  const running = await runApi({ daemon: new TestDaemon({ now }) })
  running.daemon.currentStatus.directory = { state: 'online', url: 'http://127.0.0.1:5000', since: NOW }
  return running
}

test('shows conversations and messages with their states, and marks what was seen', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob', CONNECTED)
  daemon.know('carol', { state: 'idle' }, { presence: 'offline', waiting: 2 })
  daemon.receive('carol', 'later then', { direction: 'out', state: 'queued', sentAt: at(10, 0) })
  daemon.receive('bob', 'good night', { direction: 'out', state: 'read', sentAt: at(23, 59, 2) })
  daemon.receive('bob', 'hello, are you there?', { sentAt: at(10, 20) })
  daemon.receive('bob', 'second', { sentAt: at(10, 21) })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose a conversation')
  expect(chat.list()).toBe(`› bob            online  2
  second
  carol
  … 2 waiting`)
  expect(chat.chat.state().open).toBeUndefined()

  chat.press('enter')
  await chat.see('second')
  const mine = ['delivered', 'sent', 'queued'] as const
  for (const state of mine) daemon.receive('bob', `it is ${state}`, { direction: 'out', state, sentAt: at(10, 30) })
  const waits = { direction: 'out', state: 'queued', hold: 'blocked-key-change', sentAt: at(10, 31) } as const
  const { id } = daemon.receive('bob', 'held', waits)
  await chat.see('held')
  expect(chat.main()).toBe(` bob  connected
─────────────────────────────────────────────────────




── Yesterday ────────────────────────────────────────
 you  23:59
 ● good night
── Today ────────────────────────────────────────────
── New ──────────────────────────────────────────────
 bob  10:20
   hello, are you there?
   second

 you  10:30
 ✓ it is delivered
 ○ it is sent
 … it is queued
 ‖ held  on hold
─────────────────────────────────────────────────────
>`)
  daemon.change(id, { state: 'refused', hold: undefined })
  await chat.see('✗ held  refused')
  const isRead = `${accountOf('bob')} ${daemon.messages.find(({ text }) => text === 'second')?.id}`
  await daemon.until(() => daemon.calls.all.some(({ what, about }) => what === 'read' && about === isRead))
})

test('what is typed is sent at Enter, kept as a draft before, and lost never', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob', CONNECTED)
  daemon.know('carol')
  daemon.receive('carol', 'hi')
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('This is the beginning')
  chat.type('see you at ')
  chat.press('down', { alt: true })
  await chat.see(/carol[\s\S]*hi\n/)
  expect(chat.list()).toContain('Draft: see you at')
  chat.press('up', { alt: true })
  chat.type('nine')
  chat.press('enter', { alt: true })
  chat.type('sharp')
  expect(chat.main()).toMatch(/\n> see you at nine\n {2}sharp$/)
  chat.press('enter')
  await chat.see('… see you at nine\n   sharp  queued')
  expect(chat.main()).toMatch(/\n>$/)
  expect(daemon.messages.at(-1)).toMatchObject({ with: 'bob', text: 'see you at nine\nsharp' })

  chat.press('up')
  await chat.see('Editing "see you at nine')
  chat.press('escape')
  expect(chat.main()).toMatch(/\n>$/)
  chat.press('up')
  chat.press('letter-u', { ctrl: true })
  chat.press('backspace')
  chat.press('letter-w', { ctrl: true })
  chat.type('eight')
  chat.press('enter')
  await chat.see('… see you at eight  queued')

  // Refused: the text goes back to where it was typed.
  daemon.refusals.push(new Error('broken'))
  chat.type('one more')
  chat.press('enter')
  await chat.see(/\n> one more$/)
  expect(chat.foot()).toContain('(internal)')
  chat.press('letter-c', { ctrl: true })
  expect(chat.hasQuit).toBe(true)
})

test('of a chosen message: why, take back, and delete after a question', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  const theirs = daemon.receive('bob', 'theirs', { sentAt: at(10, 0) })
  const sent = daemon.receive('bob', 'mine', { direction: 'out', state: 'delivered', sentAt: at(10, 1) })
  const queued = daemon.receive('bob', 'too early', { direction: 'out', state: 'queued', sentAt: at(10, 2) })
  const dialled = { what: 'dial', path: 'tcp', outcome: 'failed', detail: 'refused' } as const
  daemon.whys.set(queued.id, {
    message: queued,
    summary: 'The message waits here for bob.',
    next: 'It goes out when bob is reached.',
    devices: [],
    attempts: [2, 3, 4].map((minute) => ({ ...dialled, at: at(10, minute) })),
  })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('too early')
  chat.press('tab')
  expect(chat.main()).toContain('\n›… too early')
  chat.type('w')
  const why = await chat.see('What was tried')
  expect(why).toContain(' It goes out when bob is reached.\n The message waits here for bob.\n')
  expect(why).toContain(' 10:04:00  dialled  tcp  failed: refused (3 times\n           since 10:02:00)')
  chat.press('escape')
  chat.type('c')
  await chat.see('too early  cancelled')

  chat.press('up')
  chat.type('d')
  await chat.see('bob is asked to show it no more.')
  chat.type('n')
  await chat.see('›you  10:01\n│✓ mine')
  chat.type('d')
  chat.type('y')
  await chat.see('│✓ (deleted, not delivered yet)')
  chat.press('up')
  chat.type('d')
  expect(chat.foot()).toContain('Only what you wrote')
  expect(daemon.message(sent.id)?.deleted).toBeDefined()

  chat.type('h')
  await chat.see('It is shown no more on this device.')
  chat.type('y')
  const { account, id } = theirs
  daemon.publish({ type: 'hidden', account, id })
  await daemon.until(() => !chat.main().includes('theirs'))
  daemon.publish({ type: 'typing', account, name: 'bob', until: NOW + 1 })
  await chat.see(/^ bob {2}is writing\n/)
  expect(chat.list()).toContain('\n  is writing')
  daemon.receive('bob', 'what I wrote')
  await chat.see(/^ bob\n[\s\S]*what I wrote/)
})

test('a message is answered and reacted to, and the same reaction again takes it back', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  const asked = daemon.receive('bob', 'eight or nine?', { sentAt: at(10, 0) })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('eight or nine?')
  const answer = () => {
    chat.press('tab')
    chat.type('r')
  }
  answer()
  expect(chat.main()).toContain('\nAnswer to bob "eight or nine?". Esc drops it.\n')
  chat.press('escape')
  expect(chat.main()).not.toContain('Answer to')
  answer()
  // It waits with the draft, and comes back with a text that was refused.
  daemon.know('carol')
  daemon.receive('carol', 'hi')
  await daemon.until(() => chat.list().includes('hi'))
  chat.press('down', { alt: true })
  chat.press('up', { alt: true })
  daemon.refusals.push(new Error('broken'))
  chat.type('nine')
  chat.press('enter')
  await chat.see(/Answer to bob .*\n.*\n> nine$/)
  chat.press('enter')
  await chat.see(' you  12:00\n   > bob: eight or nine?\n … nine')
  expect(daemon.messages.at(-1)?.replyTo?.message?.id).toBe(asked.id)
  expect(chat.main()).not.toContain('Answer to')
  daemon.change(asked.id, { text: 'eight or ten?', edited: { by: 'edit', at: NOW } })
  await chat.see('> bob: eight or ten?')

  chat.press('tab')
  chat.press('up')
  chat.type('+')
  await chat.see(' › 👍  thumbs up\n   ❤️  heart\n')
  chat.press('down')
  chat.press('enter')
  await chat.see('eight or ten? (edited)\n│  [❤️ you]')
  chat.type('+')
  chat.type('🦊')
  await chat.see(/> 🦊\n\n › 🦊$/)
  chat.press('enter')
  await chat.see('[🦊 you]')
  chat.type('+')
  chat.type('no emoji')
  await chat.see('A reaction is one emoji.')
  chat.press('letter-u', { ctrl: true })
  chat.type('🦊')
  await chat.see('yours: Enter takes it back')
  chat.press('enter')
  await daemon.until(() => !chat.main().includes('[🦊'))
})

test('scrolls back page by page, stays there when something comes, and End is the newest', async () => {
  await using w = await world()
  w.daemon.know('bob')
  for (let n = 1; n <= 450; n += 1) w.daemon.receive('bob', `number ${n}.`, { sentAt: at(10, 0) })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('number 450.')
  for (let page = 0; page < 5; page += 1) chat.press('page-up')
  await chat.see(/number 3[67]\d\./)
  const before = chat.main()
  expect(before).toMatch(/── \d+ more rows below: End ─/)
  w.daemon.receive('bob', 'newest')
  await w.daemon.until(() => chat.list().includes('newest'))
  expect(chat.main().replaceAll(/\d+ more/g, '')).toBe(before.replaceAll(/\d+ more/g, ''))
  expect(chat.list()).toContain(' 1\n')

  // Up to the first one, over all pages.
  while (!chat.main().includes('number 1.')) {
    chat.press('page-up')
    await new Promise((resolve) => setImmediate(resolve))
  }
  const numbers = chat.chat
    .state()
    .threads.get(accountOf('bob'))
    ?.messages.map(({ text }) => text)
  expect(numbers).toEqual([...Array.from({ length: 450 }, (_, index) => `number ${index + 1}.`), 'newest'])
  chat.press('end')
  expect(chat.main()).toContain('newest')
  await w.daemon.until(() => !chat.list().includes(' 1\n'))
})

test('while the daemon is away what is written waits, and goes to it once; nothing that came meanwhile is missed', async () => {
  const daemon = new TestDaemon({ now })
  daemon.know('bob', CONNECTED)
  daemon.receive('bob', 'before')
  let running = await runApi({ daemon, timeouts: { stopMs: 20 } })
  const find = async (onLost: () => void) => {
    const { url, token } = running.api
    return new ApiClient({ url, token, retry: { minMs: 1, maxMs: 10 }, onLost })
  }
  await using chat = chatAt({ client: running.client, find, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('before')
  // It takes the message, and is gone before it says so.
  daemon.beforeAnswer = async () => await running[Symbol.asyncDispose]()
  chat.type('while it dies')
  chat.press('enter')
  await chat.see('not with your peer yet')
  await chat.see(/^ bob\n/)
  chat.type('while it is away')
  chat.press('enter')
  expect(chat.foot()).toContain('What you write waits here until your peer is back.')
  daemon.receive('bob', 'meanwhile')

  running = await runApi({ daemon })
  await using _ = running
  await chat.see('while it is away  queued')
  expect(chat.main()).toMatch(
    /before\n\n you .*\n … while it dies\n\n bob .*\n {3}meanwhile\n\n you .*\n … while it is away {2}queued\n/,
  )
  expect(daemon.messages.map(({ text }) => text)).toEqual(['before', 'while it dies', 'meanwhile', 'while it is away'])
  expect(chat.foot()).toContain('Connected to your peer again.')
})

test('what was missed comes from the log, and from the newest page where that does not tell', async () => {
  const daemon = new TestDaemon({ now })
  daemon.know('bob', CONNECTED)
  daemon.know('carol')
  const edited = daemon.receive('bob', 'before', { sentAt: at(10, 0) })
  daemon.receive('carol', 'hi', { sentAt: at(10, 0) })
  let running = await runApi({ daemon, timeouts: { stopMs: 20 } })
  await using _ = { [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
  const find = async (onLost: () => void) => {
    const { url, token } = running.api
    return new ApiClient({ url, token, retry: { minMs: 1, maxMs: 10 }, onLost })
  }
  let pages = 0
  const history = daemon.history.bind(daemon)
  daemon.history = (...asked) => {
    pages += 1
    return history(...asked)
  }
  await using chat = chatAt({ client: running.client, find, now })
  await chat.see('Choose')
  chat.press('up', { alt: true })
  await chat.see('hi')
  chat.press('up', { alt: true })
  await chat.see('before')
  const away = async () => {
    await running[Symbol.asyncDispose]()
    await daemon.until(() => chat.chat.state().line === 'lost')
  }
  await away()
  daemon.change(edited.id, { text: 'changed' })
  daemon.receive('bob', 'meanwhile', { sentAt: at(11, 0) })
  daemon.receive('carol', 'here too', { sentAt: at(11, 0) })
  running = await runApi({ daemon, timeouts: { stopMs: 20 } })
  await chat.see(/ bob {2}10:00\n {3}changed\n\n bob {2}11:00\n {3}meanwhile\n/)
  expect(pages).toBe(2)
  const textsOf = (name: string) =>
    chat.chat
      .state()
      .threads.get(accountOf(name))
      ?.messages.map(({ text }) => text)
  expect(textsOf('carol')).toEqual(['hi', 'here too'])

  await away()
  daemon.eventsAfter = () => Promise.reject(new RequestError('bad-request', 'this is no place in the log'))
  daemon.receive('bob', 'read again')
  running = await runApi({ daemon })
  await chat.see('read again')
  expect(pages).toBe(3)
  expect(textsOf('carol')).toBeUndefined()
})

test('a changed key is said where one writes, and decided about with both numbers in view', async () => {
  await using w = await world()
  w.daemon.know('bob', { state: 'idle' }, { isKeyChanged: true, waiting: 2 })
  w.daemon.receive('bob', 'hello')
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  expect(chat.list()).toContain('key changed')
  chat.press('enter')
  await chat.see(
    "bob's key changed. Nothing was sent to the new key. 2\nmessages are held. Ctrl-T compares and decides.",
  )
  chat.press('letter-t', { ctrl: true })
  const both = await chat.see('With the key that is offered:')
  expect(both.match(/\d{5} \d{5} \d{5} \d{5}/g)).toHaveLength(6)
  chat.type('a')
  await chat.see('y accepts it')
  chat.type('n')
  await chat.see('keeps the key that you know')
  chat.type('a')
  chat.type('y')
  await w.daemon.until(() => chat.foot().includes('The new key of bob is in force. What was held goes out: 2.'))
  expect(w.daemon.peers().find(({ name }) => name === 'bob')?.isKeyChanged).toBe(false)
})

test('the safety number is shown, and that it was compared is remembered', async () => {
  await using w = await world()
  w.daemon.know('bob')
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('This is the beginning')
  chat.press('letter-t', { ctrl: true })
  await chat.see('v remembers that you compared')
  chat.type('v')
  await chat.see('f forgets that')
  chat.press('escape')
  await chat.see(/^ bob .*verified\n/)
})

test('the palette goes to somebody who is known, and to somebody whom the directory knows', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.know('carol')
  w.daemon.receive('carol', 'hi there')
  w.daemon.users.push({ name: 'dora', displayName: 'Dora D.', account: accountOf('dora'), status: 'online' })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.type('c')
  expect(chat.main()).toMatch(/^ Go to: .*\n─+\n> c\n\n › carol/)
  chat.press('enter')
  await chat.see('hi there')
  chat.press('letter-k', { ctrl: true })
  chat.type('dor')
  await chat.see(' › dora  Dora D., online')
  chat.press('backspace')
  chat.press('escape')
  await chat.see('hi there')
  chat.press('letter-k', { ctrl: true })
  chat.type('quit')
  chat.press('enter')
  expect(chat.hasQuit).toBe(true)
})

test('the palette says when the directory could not be asked, and asks again', async () => {
  await using w = await world()
  w.daemon.know('dan')
  const ask = w.daemon.find.bind(w.daemon)
  w.daemon.find = () => Promise.reject(new RequestError('directory-unreachable', 'the directory does not answer'))
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('letter-k', { ctrl: true })
  chat.type('d')
  // Whoever is known is offered all the same.
  await chat.see(/The directory does not answer[\s\S]* › dan/)
  chat.type('ora')
  await chat.see(/The directory does not answer[\s\S]* {3}Enter tries again/)
  w.daemon.users.push({ name: 'dora', displayName: 'Dora D.', account: accountOf('dora'), status: 'online' })
  w.daemon.find = ask
  chat.press('enter')
  await chat.see(' › dora  Dora D., online')
  expect(chat.main()).not.toContain('does not answer')
})

test('the palette gives a nickname, and blocks after a question', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  daemon.receive('bob', 'hi there')
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('hi there')
  const choose = (words: string) => {
    chat.press('letter-k', { ctrl: true })
    chat.type(words)
    chat.press('enter')
  }
  choose('nickn')
  await chat.see(/^ What bob is called here\n.*\n>\n[\s\S]*empty takes it away/u)
  chat.type('Bobby')
  chat.press('enter')
  await chat.see(/^ Bobby\n[\s\S]* Bobby {2}\d\d:\d\d\n {3}hi there/u)
  choose('change the')
  await chat.see(/> Bobby\n[\s\S]*Others know them as bob\./u)
  chat.press('letter-u', { ctrl: true })
  chat.press('enter')
  await chat.see(/^ bob\n/)

  const isBlocked = () => daemon.kept.get('bob')?.state === 'blocked'
  choose('block')
  await chat.see('Nothing from bob is taken')
  chat.type('n')
  choose('block')
  chat.type('y')
  await chat.see('bob is blocked: nothing comes from there')
  expect(isBlocked()).toBe(true)
  choose('unblock')
  await daemon.until(() => !chat.main().includes('is blocked'))
  expect(isBlocked()).toBe(false)
})

test('a search that was refused says why, and Enter tries again', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.receive('bob', 'the needle is here', { sentAt: at(9, 0) })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  w.daemon.searchRefusals.push(new RequestError('search-busy', 'too many searches wait; try again soon'))
  chat.press('letter-f', { ctrl: true })
  chat.type('needle')
  await chat.see(/Too many searches wait; try again soon\s+\(search-busy\)\n {3}Enter tries again\./)
  expect(chat.main()).not.toMatch(/Nothing was found|Searching/)
  chat.press('enter')
  await chat.see('the needle is here')
  expect(chat.main()).not.toContain('too many')
})

test('search finds words here and everywhere, and goes to where they stand', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.know('carol')
  w.daemon.receive('bob', 'the needle is here', { sentAt: at(9, 0) })
  for (let n = 1; n <= 300; n += 1) w.daemon.receive('bob', `hay ${n}.`, { sentAt: at(10, 0) })
  w.daemon.receive('carol', 'a needle too', { sentAt: at(11, 0) })
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('hay 300.')
  chat.press('letter-f', { ctrl: true })
  await chat.see('Words that are in the message.')
  chat.type('needle')
  await chat.see(' › bob  09:00\n   the needle is here')
  expect(chat.main()).not.toContain('too')
  const found = chat
    .frame()
    .main.flat()
    .find(({ text }) => text === 'needle')
  expect(found?.style).toBeUndefined()
  chat.press('tab')
  await chat.see('a needle too')
  chat.press('tab')
  await chat.see(/^ Search with bob[\s\S]*the needle is here/)
  chat.press('enter')
  await chat.see('│  the needle is here')
  expect(chat.main()).toMatch(/hay 1\.[^─]*── newer messages below: End ─/)
  const texts = () =>
    [...chat.chat.state().threads.values()].flatMap(({ messages }) => messages.map(({ text }) => text))
  expect(texts()).toHaveLength(50)

  // What comes now has no place there, and what was above the end is read on towards it.
  w.daemon.receive('bob', 'came meanwhile')
  await w.daemon.until(() => chat.list().includes('came meanwhile'))
  expect(texts()).not.toContain('came meanwhile')
  expect(w.daemon.calls.all.filter(({ what }) => what === 'read')).toHaveLength(1)
  while (texts().length < 302) {
    chat.press('page-down')
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(texts()).toEqual([
    'the needle is here',
    ...Array.from({ length: 300 }, (_, n) => `hay ${n + 1}.`),
    'came meanwhile',
  ])

  // Away and back: the newest stand there; to a hit and by End to the newest again.
  chat.press('down', { alt: true })
  await chat.see('a needle too')
  chat.press('letter-f', { ctrl: true })
  chat.press('tab')
  chat.type('the needle')
  await chat.see('the needle is here')
  chat.press('enter')
  await chat.see('│  the needle is here')
  chat.press('escape')
  await chat.see('came meanwhile')
  chat.press('letter-f', { ctrl: true })
  chat.type('nothing like that')
  await chat.see('Nothing was found.')
})

test('the sheet names every key, on a small screen too, and a question mark can be written all the same', async () => {
  await using w = await world()
  w.daemon.know('bob')
  await using chat = chatAt({ client: w.client, now })
  await chat.see('Choose')
  chat.press('enter')
  await chat.see('This is the beginning')
  chat.type('?')
  expect(chat.main()).toMatch(
    /^ Keys\n[\s\S]*Ctrl-C +quit; your peer goes on running\n[\s\S]*… queued {2}○ sent {2}✓ delivered {2}● read/,
  )
  chat.type('?')
  chat.type('??')
  expect(chat.main()).toMatch(/\n> \?\?\?$/)
})

describe('on any terminal', () => {
  test.each([
    [80, 24],
    [200, 60],
    [60, 20],
    [32, 8],
    [31, 7],
    [1, 1],
  ])('%i columns and %i rows hold the whole screen', async (columns, rows) => {
    await using w = await world()
    w.daemon.know('bob', CONNECTED)
    w.daemon.know('名前'.repeat(20), { state: 'idle' }, { isKeyChanged: true, presence: 'offline' })
    w.daemon.receive('名前'.repeat(20), '長い'.repeat(200))
    for (let n = 0; n < 30; n += 1) w.daemon.receive('bob', `${'word '.repeat(n)}\n\n${'x'.repeat(n * 10)}`)
    await using chat = chatAt({ client: w.client, now, columns, rows })
    await w.daemon.until(() => chat.chat.state().hasConversations)
    const check = () => {
      const { list, main, bar, foot, listColumns, mainColumns } = chat.frame()
      expect(listColumns + mainColumns + (listColumns > 0 && mainColumns > 0 ? 1 : 0)).toBeLessThanOrEqual(columns)
      const widthOf = (line: readonly { text: string }[]) => line.map(({ text }) => text).join('').length
      expect(Math.max(...[bar, foot].map(widthOf))).toBeLessThanOrEqual(columns)
      expect(Math.max(0, ...list.map(widthOf))).toBeLessThanOrEqual(listColumns)
      expect(Math.max(0, ...main.map(widthOf))).toBeLessThanOrEqual(mainColumns)
      expect(Math.max(list.length, main.length)).toBeLessThanOrEqual(Math.max(1, rows - 2))
    }
    check()
    chat.press('enter')
    await w.daemon.until(() => [...chat.chat.state().threads.values()].some(({ isLoaded }) => isLoaded))
    check()
    chat.type(`${'a long line to write '.repeat(30)}\n\n\nend`)
    check()
    for (const layer of ['letter-k', 'letter-f', 'letter-t'] as const) {
      chat.press(layer, { ctrl: true })
      check()
      chat.press('escape')
    }
    for (const key of ['r', '+']) {
      chat.press('tab')
      chat.type(key)
      check()
      chat.press('escape')
    }
    chat.press('down', { alt: true })
    check()
  })

  test('without UTF-8 all shapes are ASCII', async () => {
    await using w = await world()
    w.daemon.know('bob', CONNECTED)
    for (const state of ['queued', 'sent', 'delivered', 'read'] as const) {
      w.daemon.receive('bob', `it is ${state}`, { direction: 'out', state })
    }
    await using chat = chatAt({ client: w.client, now, isUtf8: false })
    await chat.see('Choose')
    chat.press('enter')
    await chat.see('* it is read')
    chat.press('tab')
    const { bar, list, main, foot } = chat.frame()
    const all = [bar, ...list, ...main, foot].map((line) => line.map(({ text }) => text).join(''))
    expect(all.join('\n')).toMatch(/^[ -~\n]*$/)
    expect(all.join('\n')).toContain('. it is queued\n')
  })

  test('nothing that came from others reaches it as it is', async () => {
    await using w = await world()
    const evil = '\x1b]0;owned\x07\u202e\r\x9b31m'
    w.daemon.know(evil, { state: 'idle' }, { isKeyChanged: true, presence: 'offline' })
    w.daemon.currentStatus = { ...w.daemon.currentStatus, name: evil }
    w.daemon.users.push({ name: evil, displayName: evil, account: evil, status: 'online', statusText: evil })
    const message = w.daemon.receive(evil, evil)
    w.daemon.receive(evil, '', { kind: evil })
    w.daemon.whys.set(message.id, {
      message,
      summary: evil,
      next: evil,
      devices: [],
      attempts: [{ at: 1, what: 'dial', path: evil, outcome: evil, detail: evil }],
    })
    await using chat = chatAt({ client: w.client, now })
    const frames: string[] = []
    chat.chat.watch(() => {
      const { bar, list, main, foot } = chat.frame()
      frames.push([bar, ...list, ...main, foot].map((line) => line.map(({ text }) => text).join('')).join('\n'))
    })
    await chat.see('Choose')
    chat.press('enter')
    await chat.see(String.raw`\x1b]0;owned\x07`)
    chat.type(evil)
    for (const layer of ['letter-k', 'letter-f', 'letter-t'] as const) {
      chat.press(layer, { ctrl: true })
      chat.type('\x1b')
      if (layer === 'letter-t') await chat.see('offered')
      chat.press('escape')
    }
    chat.press('tab')
    chat.press('up')
    chat.type('r')
    await chat.see('Answer to')
    chat.press('tab')
    chat.press('up')
    chat.type('w')
    await chat.see('What was tried')
    w.daemon.publish({
      type: 'notice',
      kind: 'key-changed',
      level: 'warn',
      text: evil,
      at: 1,
      lamport: 1,
      account: message.account,
    })
    await w.daemon.until(() => chat.foot().includes('owned'))
    expect(rawCharacters(frames.join('\n'))).toEqual([])
    expect(frames.length).toBeGreaterThan(10)
  })
})

test('a text is broken into rows once, and again when the width is another one', () => {
  let reads = 0
  const message = {
    ...new TestDaemon({ now }).receive('bob', ''),
    get text() {
      reads += 1
      return 'é '.repeat(2_000)
    },
  }
  const rows = (width: number) => {
    const look = { isUtf8: true }
    const options = { width, look, now: NOW, unfolded: new Set<string>(), outgoing: [] }
    return threadRows({ ...EMPTY_THREAD, messages: [message] }, options).length
  }
  const shown = rows(40)
  const once = reads
  expect([rows(40), rows(40), reads]).toEqual([shown, shown, once])
  expect(rows(41)).toBe(shown)
  expect(reads).toBe(2 * once)
})

test('the box moves over what a reader takes for one character', () => {
  const family = '👨‍👩‍👧'
  const box = boxWith(`a${family}e\u0301`)
  expect(removeTo(box, left).text).toBe(`a${family}`)
  expect(removeTo(left(left(box)), right).text).toBe('ae\u0301')
  expect(insert(left(box), 'x').text).toBe(`a${family}xe\u0301`)
  expect(removeTo(boxWith('two words  '), wordLeft).text).toBe('two ')
  expect(wordRight({ text: 'two words', at: 0 }).at).toBe(3)
})

test('without a terminal each line is a message, and what the other side writes is printed', async () => {
  await using w = await world()
  await announce(w)
  w.daemon.know('bob')
  w.daemon.know('carol')
  async function* input() {
    yield Buffer.from('first\nsecond\n')
    await w.daemon.until(() => w.daemon.messages.length === 2)
    w.daemon.receive('carol', 'not for this')
    w.daemon.receive('bob', 'an \x1b[31manswer')
    await printed.promise
    yield Buffer.from('third')
  }
  const printed = Promise.withResolvers<void>()
  const ended = await parleyAt(w, ['chat', 'bob'], {
    input: input(),
    onOutput: (text) => {
      if (text.includes('answer')) printed.resolve()
    },
  })
  expect(ended).toMatchObject({ code: 0, err: '3 messages accepted.\n' })
  expect(ended.out).toMatch(/^\d\d:\d\d {2}bob {2}an \\x1b\[31manswer\n$/)
  const sent = w.daemon.messages.filter(({ direction }) => direction === 'out')
  expect(sent.map(({ with: to, text }) => [to, text])).toEqual([
    ['bob', 'first'],
    ['bob', 'second'],
    ['bob', 'third'],
  ])
  expect(await parleyAt(w, ['chat'])).toMatchObject({ code: 64, err: expect.stringContaining('parley chat NAME') })
  expect(await parleyAt(w, ['chat', 'nobody'], { input: 'x\n' })).toMatchObject({ code: 66 })
})

/** The streams of a terminal, and what stands on it. */
class FakeTerminal {
  readonly stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode(isRaw: boolean) {
      this.isRaw = isRaw
      return this
    },
    ref: () => undefined,
    unref: () => undefined,
  })
  readonly stdout: PassThrough & { isTTY: true; columns: number; rows: number }
  readonly screen: InstanceType<typeof xterm.Terminal>

  constructor(columns: number, rows: number) {
    this.screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true })
    this.stdout = Object.assign(new PassThrough(), { isTTY: true as const, columns, rows })
    this.stdout.on('data', (bytes: Buffer) => this.screen.write(bytes))
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows)
    Object.assign(this.stdout, { columns, rows }).emit('resize')
  }

  text(): string {
    const { active } = this.screen.buffer
    const lines = Array.from({ length: this.screen.rows }, (_, row) => active.getLine(active.viewportY + row))
    return lines.map((line) => line?.translateToString(true) ?? '').join('\n')
  }

  /** Resolves when the text stands on it. */
  async see(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (this.text().includes(text)) resolve()
    }
    const watching = this.screen.onWriteParsed(look)
    look()
    await promise
    watching.dispose()
  }
}

test('ink draws it, follows the size, takes keys and pastes, and gives the terminal back', async () => {
  await using w = await world()
  const { account } = w.daemon.know('bob', CONNECTED)
  w.daemon.receive('bob', 'hello 名前 👋')
  const terminal = new FakeTerminal(80, 24)
  const { stdin, stdout, screen } = terminal
  screen.write('$ parley chat bob\r\n')
  const quitting = new AbortController()
  using _ = { [Symbol.dispose]: () => quitting.abort() }
  const running = runChat({
    client: w.client,
    find: () => Promise.resolve(w.client),
    partner: { account, name: 'bob' },
    look: { isUtf8: true },
    hasColour: false,
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    now,
    signal: quitting.signal,
  })
  await terminal.see('hello 名前 👋')
  await terminal.see('online at the directory')
  await terminal.see('bob            online   │')
  expect(screen.buffer.active.type).toBe('alternate')
  const lines = terminal.text().split('\n')
  expect(lines[0]).toBe(` alice${' '.repeat(50)}online at the directory`)
  expect(lines[1]).toBe('› bob            online   │ bob  connected')
  expect(lines.at(-2)).toBe(`${' '.repeat(26)}│>`)
  expect(terminal.text()).toContain('── New ──')
  expect([screen.buffer.active.cursorX, screen.buffer.active.cursorY]).toEqual([29, 22])

  stdin.write('typed\r')
  // What is on its way to the daemon cannot be chosen yet.
  await terminal.see('… typed  queued')
  stdin.write('\tr')
  await terminal.see('Answer to your own message "typed". Esc drops it.')
  stdin.write('\x1b')
  await terminal.see('queued\n')
  stdin.write('\x06typ')
  await terminal.see('› you')
  stdin.write('\x1b')
  await terminal.see('queued\n')
  stdin.write('\x1b[200~pasted\r\nlines\x1b[201~')
  await terminal.see('> pasted\n')
  expect(terminal.text()).toContain('│  lines')
  terminal.resize(60, 20)
  await terminal.see('\n> pasted\n')
  expect(terminal.text()).not.toContain('│')
  terminal.resize(100, 30)
  await terminal.see('│> pasted\n')
  expect(terminal.text().split('\n')[0]).toMatch(/^ alice +online at the directory$/)
  stdin.write('\x1b[A')
  stdin.write('\x1b')
  stdin.write('\x03')
  expect(await running).toEqual([{ name: 'bob', text: 'pasted\nlines' }])
  await new Promise<void>((resolve) => screen.write('', resolve))
  expect(screen.buffer.active.type).toBe('normal')
  expect(terminal.text()).toMatch(/^\$ parley chat bob\n\n/)
  expect(stdin.isRaw).toBe(false)
  expect(w.daemon.messages.map(({ text }) => text)).toEqual(['hello 名前 👋', 'typed'])
})
