import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import { CliError, EXIT } from '#cli/exit.ts'
import { announce, parleyAt } from '../support/command-line.ts'
import { rawCharacters } from '../support/raw-characters.ts'
import { runApi } from '../support/running-api.ts'
import { accountOf } from '../support/test-daemon.ts'

/** Local times are compared in the time zone of whoever runs the tests. */
const at = (hours: number, minutes: number, day = 3) => new Date(2026, 1, day, hours, minutes).getTime()
const NOW = at(12, 0)

async function world() {
  const running = await runApi()
  await announce(running)
  return running
}

test('status says in a few lines how the peer is doing', async () => {
  await using w = await world()
  w.daemon.currentStatus = { ...w.daemon.currentStatus, startedAt: NOW - 7_500_000, connected: 2, waiting: 1 }
  w.daemon.currentStatus.directory = {
    state: 'waiting',
    url: 'http://127.0.0.1:5000',
    until: NOW + 12_000,
    lastError: 'nobody answers',
  }
  const { code, out } = await parleyAt(w, ['status'], { now: NOW })
  expect(code).toBe(0)
  expect(out).toBe(`alice has been running for 2 h 5 min
  account    YWxpY2Uu
  listening  127.0.0.1:8000
  directory  http://127.0.0.1:5000, not reached (nobody answers); next try in 12 s
  connected  2 peers
  waiting    1 message not delivered yet
  unread     0 messages
  contacts   0, 0 verified
  profile    /home/alice/.local/share/parley/alice
  process    4711, version 0.0.0
`)
})

test('peers are a table, connected ones first', async () => {
  await using w = await world()
  w.daemon.know(
    'zoe',
    { state: 'waiting', until: NOW + 5_000, lastError: 'refused' },
    { waiting: 3, presence: 'offline' },
  )
  w.daemon.know('mallory', { state: 'idle' }, { isKeyChanged: true })
  w.daemon.know('bob', { state: 'connected', since: NOW, address: '192.0.2.7:8000', path: 'direct', roundTripMs: 1.6 })
  w.daemon.know('carol', { state: 'connecting' }, { isNameVerified: false })
  for (const text of ['hello', 'are you there?']) w.daemon.receive('bob', text)
  const { out } = await parleyAt(w, ['peers'], { now: NOW })
  expect(out).toBe(`NAME                    LINK                          NOW      UNREAD  WAITING  ADDRESS
bob                     connected, direct, 2 ms       online        2           192.0.2.7:8000
carol (says so itself)  connecting                    unknown
zoe                     next try in 5 s (refused)     offline                3
mallory                 key changed: nothing is sent  unknown
`)
})

test('a table is no wider than the terminal, and says everything all the same', async () => {
  await using w = await world()
  w.daemon.know('bob', { state: 'waiting', until: NOW + 5_000, lastError: 'the other side did not answer in time' })
  const { out } = await parleyAt(w, ['peers'], { now: NOW, columns: 60 })
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  for (const word of 'the other side did not answer in time'.split(' ')) expect(out).toContain(word)
})

test('a limit shows the first, and how many there are', async () => {
  await using w = await world()
  for (let n = 0; n < 5; n++) w.daemon.know(`peer-${n}`)
  const { out, err } = await parleyAt(w, ['peers', '--limit', '2'])
  expect(out.trim().split('\n')).toHaveLength(3)
  expect(err).toBe('3 more: --limit 5 shows all\n')
  const json = await parleyAt(w, ['peers', '--json', '--limit', '2'])
  expect(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(
    w.daemon
      .peers()
      .slice(0, 2)
      .map((peer) => ({ ...peer, unread: 0 })),
  )
})

test('what is found is shown with who wrote it and when, and with what was looked for standing out', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.receive('bob', 'the first\nline about \u001b[31mlunch\u202e', { sentAt: at(9, 5, 2) })
  await w.client.send('bob', 'lunch it is')
  const words = ['search', 'lunch', '--in', 'bob', '--after', '30d', '--before', '2027-01-01']
  const plain = await parleyAt(w, words, { now: NOW })
  expect(plain.out.split('\n')[1]).toBe('  lunch it is')
  expect(plain.out.split('\n').slice(2).join('\n')).toBe(
    `bob  Yesterday 09:05\n  the first line about ${String.raw`\x1b`}[31mlunch${String.raw`\u{202e}`}\n`,
  )
  const look = { columns: 80, environment: { NO_COLOR: '' } }
  const coloured = await parleyAt(w, ['search', 'lunch', '--limit', '1'], look)
  expect(coloured.out).toContain('\u001b[33mlunch\u001b[39m it is')
  expect(JSON.parse((await parleyAt(w, ['search', 'first', '--json'])).out)).toMatchObject({ message: { with: 'bob' } })
  expect(await parleyAt(w, ['search', 'nothing'])).toMatchObject({
    code: 0,
    out: 'Nothing is found. Try fewer words, or only the beginning of one.\n',
  })
  expect(await parleyAt(w, ['search', 'lunch', '--after', 'soon'])).toMatchObject({ code: 64 })
})

test('contacts say what they are called and who is blocked', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.know('carol', { state: 'idle' }, { verification: 'verified' })
  w.daemon.know('mallory')
  expect((await parleyAt(w, ['nickname', 'bob'])).out).toBe('bob has no nickname.\n')
  expect((await parleyAt(w, ['nickname', 'bob', 'Uncle', 'Bob'])).out).toBe('bob is called Uncle Bob here.\n')
  expect((await parleyAt(w, ['block', 'mallory'])).out).toBe('mallory is blocked.\n')
  expect((await parleyAt(w, ['contacts'])).out).toBe(`NAME       CALLED BY OTHERS  CALLS ITSELF  STATE
Uncle Bob  bob               bob
carol                        carol         verified
mallory                      mallory       blocked
`)
  expect((await parleyAt(w, ['unblock', 'mallory'])).out).toBe('mallory is not blocked.\n')
  expect((await parleyAt(w, ['nickname', 'bob', '--remove'])).out).toBe('bob has no nickname.\n')
  expect(await parleyAt(w, ['nickname', 'bob', 'B', '--remove'])).toMatchObject({ code: 64 })
  expect(JSON.parse((await parleyAt(w, ['contacts', '--json', '--limit', '1'])).out)).toMatchObject({ name: 'bob' })
})

test('peers and history say whose key was compared, status whose changed', async () => {
  await using w = await world()
  w.daemon.know('bob', { state: 'idle' }, { verification: 'verified' })
  w.daemon.know('carol', { state: 'idle' }, { verification: 'rotated-since' })
  const mallory = w.daemon.know('mallory', { state: 'idle' }, { isKeyChanged: true })
  for (const name of ['bob', 'carol', 'mallory']) w.daemon.receive(name, 'hello', { sentAt: at(10, 0) })
  w.daemon.currentStatus.contacts = { known: 3, verified: 1, keyChanged: [mallory.name] }
  const [peers, bob, carol, changed, status] = await Promise.all(
    [['peers'], ['history', 'bob'], ['history', 'carol'], ['history', 'mallory'], ['status']].map((args) =>
      parleyAt(w, args, { now: NOW }),
    ),
  )
  expect(
    peers?.out,
  ).toBe(`NAME     LINK                          KEY                     NOW      UNREAD  WAITING  ADDRESS
bob      not connected                 verified                unknown       1
carol    not connected                 rotated since verified  unknown       1
mallory  key changed: nothing is sent                          unknown       1
`)
  expect(bob?.out).toBe('bob is verified.\n── Today\n10:00  bob               hello\n')
  expect(carol?.out).toContain('carol rotated the key since it was verified. Compare again: parley verify carol\n')
  expect(changed?.out).toContain('The key of mallory changed: nothing is sent. parley accept-key mallory tells more.\n')
  expect(status?.out).toContain(
    '  contacts     3, 1 verified\n  key changed  mallory: nothing is sent. parley accept-key NAME tells more\n',
  )
})

test('verify shows the number in digits and as a code that a camera reads', async () => {
  await using w = await world()
  const { account } = w.daemon.know('bob')
  const { code, out } = await parleyAt(w, ['verify', 'bob'])
  expect(code).toBe(0)
  const [digits, drawn, rest] = [out.split('\n').slice(0, 6), out.split('\n').slice(6, -2), out.split('\n').slice(-2)]
  expect(digits).toEqual([
    'Your safety number with bob:',
    '',
    '  01234 56789 01234 56789',
    '  01234 56789 01234 56789',
    '  01234 56789 01234 56789',
    '',
  ])
  expect(rest[0]).toBe('You have not verified bob. When you have compared it: parley verify bob --confirm')
  expect(scan(drawn)).toBe(`parley-safety-number:${account}`)
  expect((await parleyAt(w, ['verify', 'bob', '--no-qr'])).out).not.toContain('█')
  const ascii = await parleyAt(w, ['verify', 'bob'], { environment: { LANG: 'C' } })
  expect(ascii.out).toMatch(/^[ -~\n]*$/)
  expect((await parleyAt(w, ['verify', 'bob'], { columns: 20 })).err).toContain('too narrow')
})

test('verify stores what was compared: by a word, by an answer, or by the number itself', async () => {
  await using w = await world()
  const state = () => w.daemon.known.get('bob')?.verification
  const verify = (args: string[], look = {}) => parleyAt(w, ['verify', 'bob', ...args], look)
  const number = '01234 56789'.repeat(6).match(/\d{5}/g) ?? []
  w.daemon.know('bob')
  expect(await verify(number)).toEqual({ code: 0, err: '', out: 'bob is verified.\n' })
  expect(state()).toBe('verified')
  expect(await verify(['--forget'])).toMatchObject({ code: 0, out: 'bob is not verified.\n' })
  expect(state()).toBe('none')
  expect(await verify(number.toReversed())).toMatchObject({ code: 77, out: '' })
  expect(state()).toBe('none')
  for (const answer of ['no\n', '\n']) {
    await verify([], { columns: 80, typed: answer })
    expect(state()).toBe('none')
  }
  expect((await verify([], { columns: 80, typed: 'yes\n' })).out).toContain('bob is verified.\n')
  expect(state()).toBe('verified')
  await verify(['--forget'])
  expect(JSON.parse((await verify(['--confirm', '--json'])).out)).toMatchObject({
    name: 'bob',
    verification: 'verified',
  })
})

test('accept-key shows both keys and asks; nothing is decided by silence, and a script says yes', async () => {
  await using w = await world()
  const decide = (args: string[], look = {}) => parleyAt(w, ['accept-key', 'bob', ...args], look)
  const isChanged = () => w.daemon.known.get('bob')?.isKeyChanged
  w.daemon.know('bob', { state: 'idle' }, { isKeyChanged: true, waiting: 2 })
  const shown = await decide([])
  expect(shown).toMatchObject({
    code: 77,
    err: expect.stringContaining('nothing was decided: 2 messages to bob stay here'),
  })
  expect(shown.out).toBe(`The directory says that bob is another account now.
  known key          ${accountOf('known')}
  its safety number  01234 56789 01234 56789 01234 56789 01234 56789 01234 56789 01234 56789
  offered key        ${accountOf('offered')}
  its safety number  98765 43210 98765 43210 98765 43210 98765 43210 98765 43210 98765 43210
  held               2 messages
`)
  expect(await decide([], { typed: 'n\n' })).toMatchObject({ code: 77 })
  expect(await decide(['--json'])).toMatchObject({ code: 77 })
  expect(isChanged()).toBe(true)
  const accepted = await decide([], { typed: 'yes\n' })
  expect(accepted.code).toBe(0)
  expect(accepted.out).toContain('You accepted the new key of bob. 2 messages that waited go out.\n')
  expect(isChanged()).toBe(false)
  expect(await decide(['--yes'])).toMatchObject({ code: 65, out: '' })

  w.daemon.know('bob', { state: 'idle' }, { isKeyChanged: true, waiting: 1 })
  const refused = await decide(['--refuse'])
  expect(refused.out).toBe('You keep the key of bob that you know. 1 message that waited goes out.\n')
  w.daemon.know('bob', { state: 'idle' }, { isKeyChanged: true })
  expect(JSON.parse((await decide(['--yes', '--json'])).out)).toMatchObject({ name: 'bob', sent: 0 })
})

test('profile shows and changes what others read; rotate-key asks first', async () => {
  await using w = await world()
  expect((await parleyAt(w, ['profile'])).out).toBe('  name    alice\n  called  Alice\n  status  none\n')
  expect((await parleyAt(w, ['profile', '--status', 'back on Monday'])).out).toContain('  status  back on Monday\n')
  expect(JSON.parse((await parleyAt(w, ['profile', '--display-name', 'A. B.', '--json'])).out)).toEqual({
    name: 'alice',
    displayName: 'A. B.',
    statusText: 'back on Monday',
  })
  expect((await parleyAt(w, ['profile', '--status', ''])).out).toContain('  status  none\n')
  expect(await parleyAt(w, ['profile', '--display-name', ''])).toMatchObject({ code: 64 })

  expect(await parleyAt(w, ['rotate-key'])).toMatchObject({ code: 64, out: '' })
  expect(await parleyAt(w, ['rotate-key'], { typed: 'no\n' })).toMatchObject({ code: 64, out: '' })
  const rotated = `Your account has a new key, ${accountOf('new key')}. Contacts follow by themselves. Make a new backup: one from before has the old key.\n`
  expect(await parleyAt(w, ['rotate-key'], { typed: 'yes\n' })).toMatchObject({ code: 0, out: rotated })
  expect(JSON.parse((await parleyAt(w, ['rotate-key', '--yes', '--json'])).out)).toMatchObject({ rotations: 1 })
})

test('an id that begins with a dash is an id wherever it stands, and an option is still one', async () => {
  await using w = await world()
  const id = `-${accountOf('bob').slice(0, 41)}A`
  w.daemon.known.set(id, w.daemon.know('bob'))
  const message = `-${'a'.repeat(20)}A`
  w.daemon.whys.set(message, {
    message: w.daemon.receive('bob', 'hi', { id: message }),
    summary: 'It is here.',
    next: 'Nothing more is to be done.',
    devices: [],
    attempts: [],
  })
  for (const args of [
    ['connect', id, '--json'],
    ['connect', '--json', id],
    ['connect', '--json', '--', id],
  ]) {
    expect(await parleyAt(w, args)).toMatchObject({ code: 0, err: '' })
    expect(w.daemon.calls.all.at(-1)).toEqual({ what: 'connect', about: id })
  }
  expect((await parleyAt(w, ['why', message])).out).toContain('It is here.')
  expect((await parleyAt(w, ['send', 'bob', '--reply-to', message, message])).code).toBe(0)
  expect(w.daemon.messages.at(-1)).toMatchObject({ text: message, replyTo: { message: { id: message } } })
  expect(await parleyAt(w, ['connect', '-x'])).toMatchObject({ code: 64 })
})

/** What a camera sees of half blocks that are light where they are filled. */
function scan(lines: readonly string[]): string {
  const rows = lines.flatMap((line) => [
    line.replaceAll(/[█▀]/g, '1'),
    line.replaceAll('▀', ' ').replaceAll(/[█▄]/g, '1'),
  ])
  const scale = 4
  const height = rows.length * scale
  const width = (rows[0]?.length ?? 0) * scale
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      if (rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === '1')
        data.fill(255, (y * width + x) * 3, (y * width + x + 1) * 3)
  return decodeQR({ width, height, data })
}

test('with nobody known, peers says how to begin', async () => {
  await using w = await world()
  expect(await parleyAt(w, ['peers'])).toMatchObject({ code: 0, out: expect.stringContaining('parley find NAME') })
})

test('parley alone says what is going on, and what to do next', async () => {
  await using w = await world()
  const alone = async (look = {}) => (await parleyAt(w, [], { now: NOW, ...look })).out
  w.daemon.currentStatus = { ...w.daemon.currentStatus, startedAt: NOW - 7_500_000 }
  w.daemon.currentStatus.directory = { state: 'online', url: 'http://127.0.0.1:5000', since: at(11, 0) }
  expect(await alone()).toBe(`alice has been running for 2 h 5 min
  account    YWxpY2Uu
  address    127.0.0.1:8000
  directory  http://127.0.0.1:5000, online since 11:00
  online     you know nobody yet
  unread     nothing
  waiting    nothing

  parley find NAME        look somebody up
  parley send NAME hello  write; it waits here until they are online
  parley chat             read and write in this terminal
`)

  w.daemon.know('bob', { state: 'connected', since: 1, address: 'x', path: 'direct' })
  w.daemon.know('carol', { state: 'idle' }, { waiting: 2, presence: 'offline' })
  w.daemon.know('mallory', { state: 'idle' }, { isKeyChanged: true, waiting: 1 })
  w.daemon.receive('bob', 'hello')
  const { id } = w.daemon.receive('carol', 'hi', { direction: 'out', state: 'queued' })
  w.daemon.receive('mallory', 'is it you?', { direction: 'out', state: 'queued', hold: 'blocked-key-change' })
  const busy = await alone()
  expect(busy).toContain(`  online       bob
  unread       1 bob
  waiting      2 carol, 1 mallory
  key changed  mallory: nothing is sent to them until you decide

  parley accept-key mallory          look at the key, and decide
  parley history bob                 what is new
  parley why ${id}  why carol does not have it yet
`)
  const json = JSON.parse((await parleyAt(w, ['--json'])).out)
  expect(json).toMatchObject({ isRunning: true, status: { name: 'alice' }, conversations: [{ name: 'bob' }, {}, {}] })
  for (const line of (await alone({ columns: 50 })).split('\n')) expect(line.length).toBeLessThanOrEqual(50)
})

test('parley alone says how to begin: without a profile, without a running peer, and with several profiles', async () => {
  await using w = await world()
  const failing = (code: string) => () => Promise.reject(new CliError(EXIT.usage, code, ''))
  const none = await parleyAt(undefined, [], { actions: { locateProfile: failing('no-profile') } })
  expect(none).toMatchObject({ code: 0, out: expect.stringContaining('\n  parley start --name NAME --directory URL ') })

  await announce(w, 2 ** 22 + 1)
  const stopped = await parleyAt(w, ['--name', 'alice'])
  expect(stopped.out).toContain('Your peer is not running.')
  expect(stopped.out).toContain('\n  parley start --name alice ')
  expect(JSON.parse((await parleyAt(w, ['--json'])).out)).toEqual({ profile: w.profile, isRunning: false })

  await announce(w)
  const knownProfiles = () =>
    Promise.resolve([
      { name: 'alice', path: w.profile },
      { name: 'bob', path: `${w.profile}/bob` },
    ])
  const actions = { locateProfile: failing('several-profiles'), knownProfiles }
  const several = await parleyAt(undefined, [], { actions })
  expect(several.out).toBe(`NAME   NOW      PROFILE
alice  running  ${w.profile}
bob    stopped  ${w.profile}/bob

  parley --name alice      what is going on there
  parley start --name bob  run that peer
  parley --help            all commands
`)
})

test('connecting and disconnecting is said in a sentence', async () => {
  await using w = await world()
  w.daemon.know('bob')
  expect(await parleyAt(w, ['connect', 'bob'])).toEqual({
    code: 0,
    out: 'Connected to bob at 127.0.0.1:8001.\n',
    err: '',
  })
  expect(await parleyAt(w, ['disconnect', 'bob'])).toEqual({
    code: 0,
    out: 'Not connected to bob any more.\n',
    err: '',
  })
})

test('find shows whom the directory knows', async () => {
  await using w = await world()
  w.daemon.users.push(
    { name: 'bob', displayName: 'Bob', account: accountOf('bob'), status: 'online', address: '192.0.2.7' },
    { name: 'bobby', displayName: 'Bobby T.', account: accountOf('bobby'), status: 'offline', lastSeen: NOW - 180_000 },
  )
  expect(await parleyAt(w, ['find', 'bob'], { now: NOW })).toEqual({
    code: 0,
    err: '',
    out: `NAME   CALLED    NOW      LAST SEEN  ADDRESS
bob    Bob       online              192.0.2.7
bobby  Bobby T.  offline  3 min ago
`,
  })
  w.daemon.users.splice(0, 2, {
    name: 'bobby',
    displayName: 'Bobby T.',
    account: accountOf('bobby'),
    status: 'offline',
    statusText: 'moved',
    movedFrom: 'bob',
  })
  expect(await parleyAt(w, ['find', 'bob'], { now: NOW })).toEqual({
    code: 0,
    err: '',
    out: `NAME   CALLED    NOW      LAST SEEN  ADDRESS  SAYS
bobby  Bobby T.  offline                      moved
bob was given up: the same person is bobby now.
`,
  })
  w.daemon.users.length = 0
  expect(await parleyAt(w, ['find', 'nobody'])).toMatchObject({ code: 66, out: expect.stringContaining('"nobody"') })
})

test('a conversation reads from top to bottom, with days, states and wrapped texts', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  daemon.receive('bob', 'good night', { sentAt: at(23, 59, 2) })
  daemon.receive('bob', 'hello\n\nsecond line', { sentAt: at(10, 20) })
  for (const [minute, state] of [
    [21, 'delivered'],
    [22, 'sent'],
    [23, 'queued'],
    [24, 'cancelled'],
  ] as const) {
    daemon.receive('bob', `it is ${state}`, { direction: 'out', state, sentAt: at(10, minute) })
  }
  daemon.receive('bob', 'waits', { direction: 'out', state: 'queued', hold: 'blocked-key-change', sentAt: at(10, 25) })
  const { out } = await parleyAt(w, ['history', 'bob'], { now: NOW })
  expect(out).toBe(`── Yesterday
23:59  bob               good night

── Today
10:20  bob               hello

                         second line
10:21  you  ✓ delivered  it is delivered
10:22  you  ○ sent       it is sent
10:23  you  … queued     it is queued
10:24  you  ✗ cancelled  it is cancelled
10:25  you  ‖ on hold    waits
`)
  const ascii = await parleyAt(w, ['history', 'bob', '--limit', '6'], { now: NOW, environment: { LANG: 'C' } })
  expect(ascii.out).toContain('10:21  you  + delivered  it is delivered')
  expect(ascii.out).toMatch(/^[ -~\n]*$/)
})

test('what became of a message is written where it stands', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  const change = { by: 'x', at: at(11, 0) }
  daemon.receive('bob', 'see you\nat nine', { sentAt: at(10, 0), edited: change })
  daemon.receive('bob', '', { sentAt: at(10, 1), deleted: change })
  const mine = { direction: 'out', sentAt: at(10, 2) } as const
  daemon.receive('bob', 'right', { ...mine, state: 'delivered', edited: { ...change, state: 'queued' } })
  daemon.receive('bob', '', { ...mine, state: 'delivered', deleted: { ...change, state: 'delivered' } })
  daemon.receive('bob', '', { ...mine, kind: 'void', state: 'cancelled' })
  daemon.receive('bob', '', { ...mine, kind: 'void', state: 'expired' })
  const { out } = await parleyAt(w, ['history', 'bob'], { now: NOW })
  expect(out).toBe(`── Today
10:00  bob               see you
                         at nine (edited)
10:01  bob               (deleted)
10:02  you  ✓ delivered  right (edited, not delivered yet)
10:02  you  ✓ delivered  (deleted)
10:02  you  ✗ cancelled  (taken back before it was sent)
10:02  you  ✗ expired    (not sent: its time was over)
`)
})

test('an answer stands below what it answers, and a reaction below its message', async () => {
  await using w = await world()
  w.daemon.know('bob')
  const question = w.daemon.receive('bob', 'tea?\nor coffee?', { sentAt: at(9, 14) })
  const answered = await parleyAt(w, ['send', 'bob', '--reply-to', question.id, 'tea'], { now: NOW })
  expect(answered.code).toBe(0)
  expect((await parleyAt(w, ['react', question.id, '👍'])).out).toBe('👍 goes to bob.\n')
  expect(await parleyAt(w, ['react', question.id, 'fine'])).toMatchObject({ code: 64, out: '' })
  w.daemon.receive('bob', 'no', { sentAt: at(9, 16), replyTo: {} })
  const lines = (await parleyAt(w, ['history', 'bob'], { now: NOW })).out
    .split('\n')
    .map((line) => line.slice(12).trim())
  for (const said of [
    ['tea?', 'or coffee?', '[👍 you]'],
    ['> (a message that has not arrived)', 'no'],
  ])
    expect(lines.join('|')).toContain(said.join('|'))
  expect(lines.join('|')).toMatch(/> bob: tea\?\|tea/)
})

test('what happened beside the messages is noted in its place, in words and for programs', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  daemon.receive('bob', 'hello', { sentAt: at(10, 0), lamport: 4 })
  daemon.receive('bob', 'again', { sentAt: at(10, 5), lamport: 6 })
  const note = {
    kind: 'ratchet-renewed',
    level: 'info',
    text: 'The encryption\x1b[2J with bob',
    at: at(10, 1),
    lamport: 5,
  } as const
  const last = {
    kind: 'key-changed',
    level: 'warn',
    text: 'The key of bob changed',
    at: at(10, 6),
    lamport: 6,
  } as const
  daemon.currentNotes = [note, last]
  const { out } = await parleyAt(w, ['history', 'bob'], { now: NOW })
  expect(out).toBe(`── Today
10:00  bob               hello
10:01  The encryption\\x1b[2J with bob
10:05  bob               again
10:06  The key of bob changed
`)
  const json = (await parleyAt(w, ['history', 'bob', '--json'])).out.trim().split('\n')
  expect(json.map((line) => JSON.parse(line))).toMatchObject([{ text: 'hello' }, note, { text: 'again' }, last])
})

test('what is missing and what was contradicted is said below the conversation, and in the status', async () => {
  await using w = await world()
  const { daemon } = w
  daemon.know('bob')
  daemon.receive('bob', 'hello', { sentAt: at(10, 0) })
  const forks = ['goodbye\x1b[2J', ''].map((text) => ({ device: 'x', at: at(11, 0), text }))
  daemon.currentTroubles = { missing: 3, waiting: 1, forkCount: 2, forks }
  daemon.currentStatus = { ...daemon.currentStatus, troubles: [{ name: 'bob', missing: 3, forks: 1 }] }
  const { out } = await parleyAt(w, ['history', 'bob'], { now: NOW })
  expect(out).toBe(`── Today
10:00  bob               hello

‼ 3 messages of bob are missing here. 1 later one waits for that, and then all are shown.
‼ bob contradicted 2 times what was said before: an old copy of the profile, or somebody who lies. What came first is shown.
   11:00  also said: "goodbye\\x1b[2J"
   11:00  also said: something that is no text
`)
  const status = await parleyAt(w, ['status'], { now: NOW })
  expect(status.out).toContain(
    'look at    bob: 3 messages missing, contradicted 1 time. parley history bob tells more\n',
  )
})

test('what a person has seen is marked as read, what a program got is not', async () => {
  await using w = await world()
  w.daemon.know('bob')
  const { id } = w.daemon.receive('bob', 'hello')
  await parleyAt(w, ['history', 'bob'])
  await parleyAt(w, ['history', 'bob', '--json'], { columns: 80 })
  await parleyAt(w, ['history', 'bob'], { columns: 80 })
  expect(await parleyAt(w, ['read', 'bob'])).toMatchObject({ code: 0, out: 'Marked as read.\n' })
  const reads = w.daemon.calls.all.filter(({ what }) => what === 'read').map(({ about }) => about)
  expect(reads).toEqual([`bob ${id}`, 'bob'])
})

test('settings are shown and changed', async () => {
  await using w = await world()
  expect(await parleyAt(w, ['settings'])).toMatchObject({
    code: 0,
    out: '  read-receipts  off\n  typing         on\n  log-level      info\n',
  })
  expect(await parleyAt(w, ['settings', 'read-receipts', 'on'])).toMatchObject({ out: '  read-receipts  on\n' })
  expect(JSON.parse((await parleyAt(w, ['settings', '--json'])).out)).toEqual({
    readReceipts: true,
    typing: true,
    logLevel: 'info',
  })
  expect(await parleyAt(w, ['settings', 'log-level', 'debug'])).toMatchObject({ out: '  log-level  debug\n' })
  expect(await parleyAt(w, ['settings', 'log-level', 'loud'])).toMatchObject({ code: 64 })
  expect(await parleyAt(w, ['settings', 'colour', 'on'])).toMatchObject({
    code: 64,
    err: expect.stringContaining('"colour"'),
  })
  expect(await parleyAt(w, ['settings', 'read-receipts', 'maybe'])).toMatchObject({ code: 64 })
})

test('on a narrow terminal the shapes of the states are enough, and texts wrap', async () => {
  await using w = await world()
  w.daemon.know('bob')
  w.daemon.receive('bob', 'the quick brown fox jumps over the lazy dog', {
    direction: 'out',
    state: 'delivered',
    sentAt: at(10, 0),
  })
  const { out } = await parleyAt(w, ['history', 'bob'], { now: NOW, columns: 36 })
  expect(out).toBe(`── Today
10:00  you  ✓  the quick brown fox
               jumps over the lazy
               dog
`)
})

test('a long conversation is read over several pages, the newest of it', async () => {
  await using w = await world()
  w.daemon.know('bob')
  for (let n = 1; n <= 1_200; n++) w.daemon.receive('bob', `${n}`)
  const { out } = await parleyAt(w, ['history', 'bob', '--limit', '1100', '--json'])
  const texts = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text)
  expect(texts).toHaveLength(1_100)
  expect([texts[0], texts.at(-1)]).toEqual(['101', '1200'])
})

test('why begins with what happens next and ends with what was tried', async () => {
  await using w = await world()
  w.daemon.know('bob')
  const message = w.daemon.receive('bob', 'hello\nbob', { direction: 'out', state: 'queued', sentAt: at(10, 0) })
  w.daemon.whys.set(message.id, {
    message,
    summary: 'The message waits here for bob. It is safe on this device.',
    next: 'It goes out when bob is reached.',
    devices: [
      { device: 'first device', link: { state: 'waiting', until: NOW + 5_000, lastError: 'refused' } },
      { device: 'second device', link: { state: 'idle' } },
    ],
    attempts: [
      { at: at(10, 1), what: 'look-up', outcome: 'found' },
      ...[2, 3, 4].map((minute) => {
        const dialled = { what: 'dial', path: 'tcp', outcome: 'failed', detail: 'refused' } as const
        return { ...dialled, at: at(10, minute) }
      }),
    ],
  })
  const { out } = await parleyAt(w, ['why', message.id], { now: NOW })
  expect(out).toBe(`… queued  to bob, 10:00
  "hello\\nbob"

It goes out when bob is reached.
The message waits here for bob. It is safe on this device.

DEVICE    LINK
first de  next try in 5 s (refused)
second d  not connected

DAY    TIME      WHAT       BY   OUTCOME
Today  10:04:00  dialled    tcp  failed: refused (3 times since 10:02:00)
Today  10:01:00  looked up       found
`)
})

test('colour only for a person who wants it', async () => {
  await using w = await world()
  w.daemon.know('bob', { state: 'connected', since: 1, address: 'x', path: 'direct' })
  const isColoured = ({ out }: { out: string }) => out.includes('\x1b[')
  expect(isColoured(await parleyAt(w, ['peers'], { columns: 80, environment: { NO_COLOR: '' } }))).toBe(true)
  expect(isColoured(await parleyAt(w, ['peers'], { columns: 80, environment: { NO_COLOR: '1' } }))).toBe(false)
  expect(isColoured(await parleyAt(w, ['peers'], { columns: 80, environment: { NO_COLOR: '', TERM: 'dumb' } }))).toBe(
    false,
  )
  expect(isColoured(await parleyAt(w, ['peers'], { environment: { NO_COLOR: '' } }))).toBe(false)
})

test('nothing that came from others reaches the terminal as it is', async () => {
  await using w = await world()
  const evil = '\x1b]0;owned\x07\u202e\n\r'
  const peer = w.daemon.know(
    'bob',
    { state: 'waiting', until: NOW, lastError: evil },
    { name: evil, isKeyChanged: true },
  )
  w.daemon.known.set(evil, peer)
  w.daemon.users.push({ name: evil, displayName: evil, account: evil, status: 'online', address: evil })
  w.daemon.currentStatus = { ...w.daemon.currentStatus, name: evil, listening: [evil], profile: evil }
  const message = w.daemon.receive(evil, evil, { kind: 'text' })
  w.daemon.receive(evil, '', { kind: evil })
  w.daemon.whys.set(message.id, {
    message,
    summary: evil,
    next: evil,
    devices: ['a', 'b'].map(() => ({ device: evil, link: { state: 'waiting', until: NOW, lastError: evil } as const })),
    attempts: [{ at: 1, what: 'dial', path: evil, outcome: evil, detail: evil }],
  })
  const verifyLedger = () => Promise.resolve({ ok: true, text: `${evil}\n`, report: {} })
  for (const args of [
    ['status'],
    ['peers'],
    ['find', '\x1b'],
    ['find', 'nobody\x1b'],
    ['history', evil],
    ['why', message.id],
    ['why', '\x1b[31m'],
    ['recv', '--cursor', 'a'],
    ['send', '\x1b[31m', 'hi'],
    ['connect', '\x1b[31m'],
    ['verify', evil],
    ['verify', evil, '--confirm'],
    ['accept-key', evil],
    ['verify-ledger', 'x'],
    ['\x1b[31m'],
  ]) {
    const { out, err } = await parleyAt(w, args, { now: NOW, columns: 80, actions: { verifyLedger } })
    expect(rawCharacters(out + err)).toEqual([])
    expect(out + err).not.toBe('')
  }
})

test('open prints a link that signs in once', async () => {
  await using w = await world()
  const { code, out } = await parleyAt(w, ['open'], { now: Date.now() })
  expect(code).toBe(0)
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#sign-in=[\w-]{43}\nIt signs in once, within .+\.\n$/)
})
