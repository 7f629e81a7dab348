import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { LocalProblem } from '@parley/shared/local-api/problem.ts'
import { AccountRecord } from '@parley/shared/signed/account-record.ts'
import { type Jws, readObject } from '@parley/shared/signed/jws.ts'
import { decodeFrame, FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, TYPE } from '@parley/shared/wire/frames.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { eventually } from '#eventually.ts'
import { readLines } from '#json-lines.ts'
import { needing } from '#needing.ts'
import { PeerProgram } from '#peer-program.ts'
import { SharedStage } from '#shared-stage.ts'
import { COMMAND } from '#stage.ts'
import { dialPlainly, dialWithTls, makeStranger, untilClosed } from '#stranger.ts'

// One directory and two peers, as processes, for all of them. Each but the last leaves both peers running, and counts on nothing that was said before.
const shared = new SharedStage(async (stage) => {
  const { url: directory } = await stage.directory()
  const [alice, bob] = await Promise.all([
    PeerProgram.start(stage, { name: 'alice', directory }),
    PeerProgram.start(stage, { name: 'bob', directory }),
  ])
  return { directory, alice, bob }
})

afterAll(() => shared[Symbol.asyncDispose]())

test(
  'two people find each other by name and by address, connect, and talk both ways, typed and piped',
  shared.with(async ({ alice, bob }, stage) => {
    const [atAlice, atBob] = await Promise.all([alice.api(), bob.api()])
    expect(await atAlice.find('bob')).toMatchObject([{ name: 'bob', account: bob.ready.account, status: 'online' }])
    const byAddress = await atAlice.find('127.0.0.1')
    expect(byAddress.map(({ name }) => name).sort()).toEqual(['alice', 'bob'])

    expect(await atAlice.connect('bob')).toMatchObject({ name: 'bob', link: { state: 'connected' } })
    expect(await atBob.peers()).toMatchObject([
      { name: 'alice', account: alice.ready.account, link: { state: 'connected', path: 'direct' } },
    ])

    const sent = await alice.parley('send', 'bob', 'Hello, Bob.', '--wait', 'delivered')
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' })
    expect(sent.stdout).toMatch(/^… queued (\S+)\n✓ delivered \1\n$/)
    await bob.say('alice', 'Hello, Alice.')

    expect((await alice.said('bob')).slice(-2)).toEqual(['out Hello, Bob.', 'in Hello, Alice.'])
    expect((await bob.said('alice')).slice(-2)).toEqual(['in Hello, Bob.', 'out Hello, Alice.'])

    expect(await atAlice.status()).toMatchObject({
      name: 'alice',
      connected: 1,
      waiting: 0,
      directory: { state: 'online' },
      pid: alice.program.pid,
    })

    // Standard input is one message, whatever it holds.
    const text = 'Zeile eins\n\n\tindented “quoted” — 你好 👩‍👩‍👧‍👦\nthe end'
    const piped = await stage.parley(['send', 'bob', '--profile', alice.profile, '--wait', 'delivered'], {
      input: `${text}\n`,
    })
    expect(piped).toMatchObject({ exitCode: 0 })
    expect((await bob.said('alice')).at(-1)).toBe(`in ${text}`)
  }),
)

const onTerminal = needing('script', 'the chat on a terminal')
const CTRL_C = '\u0003'
const SHOWS_CURSOR = '\u001b[?25h'
const LEAVES_SCREEN = '\u001b[?1049l'

onTerminal(
  'two people chat on a terminal, whose size changes and whose peer is killed, and which is as it was afterwards',
  shared.with(async ({ alice, bob }, stage) => {
    await alice.say('bob', 'Before the chat.')
    const [device, modes] = [stage.path('terminal'), stage.path('modes')]
    const command = [...COMMAND.parley, 'chat', 'bob', '--profile', alice.profile].map((word) => `'${word}'`).join(' ')
    const shell = `tty > '${device}'; stty cols 80 rows 24; ${command}; code=$?; stty -a > '${modes}'; exit $code`
    const terminal = stage.run({
      name: 'chat on a terminal',
      command: ['script', '-qfec', shell, '/dev/null'],
      env: { TERM: 'xterm-256color', NO_COLOR: '1' },
    })
    await terminal.printed('Before the chat.  delivered')
    terminal.write('Hello, Bob.\r')
    await terminal.printed('✓ Hello, Bob.  delivered')
    await bob.say('alice', 'Hello, Alice.')
    const answered = await terminal.printed('Hello, Alice.')

    // From outside, as a window does it. The list gives way to the conversation.
    const size = ['-F', (await readFile(device, 'utf8')).trim(), 'cols', '60', 'rows', '20']
    expect(await stage.run({ name: 'stty', command: ['stty', ...size] }).exit()).toMatchObject({ exitCode: 0 })
    await terminal.printed('─'.repeat(60), answered)

    await alice.kill()
    await terminal.printed('What you write waits here')
    terminal.write('while it is away\r')
    await terminal.printed('not with your peer yet')
    terminal.write('and more')
    await alice.startAgain()
    await terminal.printed('Connected to your peer again.')
    const atBob = await bob.api()
    await eventually('it arrives', async () => {
      const { messages } = await atBob.history('alice')
      return messages[0]?.text === 'while it is away' || undefined
    })
    expect((await bob.said('alice')).slice(-3)).toEqual(['in Hello, Bob.', 'out Hello, Alice.', 'in while it is away'])

    terminal.write(CTRL_C)
    const { exitCode, stdout } = await terminal.exit()
    expect(exitCode).toBe(0)
    const afterwards = stdout.slice(stdout.lastIndexOf(LEAVES_SCREEN) + LEAVES_SCREEN.length)
    expect(stdout).toContain(LEAVES_SCREEN)
    expect(afterwards).toContain(SHOWS_CURSOR)
    expect(afterwards).toContain('Not sent to bob:\r\n  and more\r\n')
    expect(await readFile(modes, 'utf8')).toMatch(/(?<!-)\bicanon\b(.|\n)*(?<!-)\becho\b/)
  }),
)

const Failed = z.strictObject({
  event: z.literal('failed'),
  code: z.string(),
  message: z.string().min(1),
  exitCode: z.int(),
})

const MISTAKES: readonly (readonly [exitCode: number, code: string, command: string, ...args: string[]])[] = [
  [66, 'unknown-message', 'why', 'no-such-id'],
  [71, 'profile-in-use', 'start', '--port', '0', '--name', 'alice'],
]

test(
  'every mistake has an exit code of its own, a sentence, and a stable code',
  shared.with(async ({ alice }) => {
    for (const [exitCode, code, command, ...args] of MISTAKES) {
      const ended = await alice.parley(command, ...args, '--json')
      expect(ended).toMatchObject({ exitCode, stdout: '' })
      const [failed] = readLines(ended.stderr.split('\n').slice(-2).join('\n'), Failed)
      expect(failed).toMatchObject({ code, exitCode })
    }
  }),
)

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** With exactly these headers, which fetch would not send. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const asking = request(url, { method, headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    response.on('error', reject)
  })
  asking.on('error', reject)
  asking.end(body)
  return promise
}

function codeOf(text: string): string {
  return LocalProblem.parse(JSON.parse(text)).code
}

describe('the local API', () => {
  test(
    'the daemon answers only a program of this machine that has read the token',
    shared.with(async ({ alice }) => {
      const client = await alice.api()
      const { messages: before } = await client.history('bob')
      const { api } = alice.ready
      const token = (await readFile(join(alice.profile, API_TOKEN_FILE), 'utf8')).trim()
      const trusted = { authorization: `Bearer ${token}` }
      const wrong = { authorization: `Bearer ${'A'.repeat(token.length)}` }
      const json = { 'content-type': 'application/json' }
      const send = { method: 'POST', body: JSON.stringify({ to: 'bob', text: 'forged' }) }

      const refusals: readonly (readonly [code: string, path: string, asked: Asked])[] = [
        ['unauthorised', '/api/v1/status', {}],
        ['unauthorised', '/api/v1/status', { headers: wrong }],
        ['unauthorised', `/api/v1/status`, { headers: { cookie: `token=${token}` } }],
        ['forbidden-host', '/api/v1/status', { headers: { ...trusted, host: 'attacker.example' } }],
        ['forbidden-host', '/api/v1/status', { headers: { ...trusted, host: `127.0.0.1.attacker.example` } }],
        ['forbidden-origin', '/api/v1/status', { headers: { ...trusted, origin: 'https://attacker.example' } }],
        ['forbidden-origin', '/api/v1/status', { headers: { ...trusted, origin: 'null' } }],
        ['forbidden-origin', '/api/v1/messages', { ...send, headers: { ...json, origin: 'https://attacker.example' } }],
        ['unauthorised', '/api/v1/messages', { ...send, headers: { ...json, ...wrong } }],
        [
          'unsupported-media-type',
          '/api/v1/messages',
          { ...send, headers: { ...trusted, 'content-type': 'text/plain' } },
        ],
        ['unauthorised', '/send', { method: 'POST', body: '{"msg":"forged"}', headers: json }],
      ]
      for (const [code, path, asked] of refusals) {
        const { text } = await ask(`${api}${path}`, asked)
        expect(codeOf(text)).toBe(code)
      }
      expect((await ask(`${api}/api/v1/status`, { headers: trusted })).status).toBe(200)
      expect((await client.history('bob')).messages).toEqual(before)
    }),
  )

  test(
    'a page of another origin cannot listen, and neither can a program without the token',
    shared.with(async ({ alice }) => {
      const url = `${alice.ready.api.replace('http', 'ws')}/ws`
      const foreign = new WebSocket(url, { origin: 'https://attacker.example' })
      const status = await new Promise<number | undefined>((resolve, reject) => {
        foreign.on('unexpected-response', (_, response) => resolve(response.statusCode))
        foreign.on('open', () => reject(new Error('a foreign origin was let in')))
        foreign.on('error', () => undefined)
      })
      expect(status).toBe(403)
      foreign.terminate()

      const guessing = new WebSocket(url)
      const heard: string[] = []
      guessing.on('message', (data: Buffer) => heard.push(data.toString()))
      guessing.on('open', () => guessing.send(JSON.stringify({ type: 'authenticate', token: 'A'.repeat(43) })))
      const [reason] = await new Promise<[string]>((resolve) => {
        guessing.on('close', (_, text) => resolve([text.toString()]))
      })
      expect(reason).toBe('unauthorised')
      expect(heard).toEqual([])
      expect(await (await alice.api()).status()).toMatchObject({ name: 'alice' })
    }),
  )
})

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  new FrameReader((body) => {
    const frame = decodeFrame(body)
    if (frame !== undefined) frames.push(frame)
  }).push(bytes)
  return frames
}

/** After TLS as a stranger with a certificate of their own: what the daemon says to these bytes until it ends the link. */
async function say(port: number, bytes: Uint8Array): Promise<Frame[]> {
  const socket = await dialWithTls(port, (await makeStranger()).tls)
  socket.write(bytes)
  return framesIn(await untilClosed(socket))
}

/** The head of a frame that announces so many bytes. */
function announcing(bytes: number): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes)
  return head
}

/** What a directory tells everybody about a name. */
async function certificateOf(name: string, directory: string): Promise<Jws> {
  const answer = z.object({ record: z.string() }).parse(await (await fetch(`${directory}/v1/users/${name}`)).json())
  const [certificate] = readObject('parley-record+jws', AccountRecord, answer.record).devices
  if (certificate === undefined) throw new Error(`${name} has no device`)
  return certificate
}

/** A friend, over a link of their own. */
async function stillServes(alice: PeerProgram, bob: PeerProgram, pid: number): Promise<void> {
  const atBob = await bob.api()
  await atBob.disconnect('alice')
  await atBob.connect('alice')
  await bob.say('alice', 'All well?')
  expect(alice.program.pid).toBe(pid)
  expect(alice.program.isRunning).toBe(true)
  expect(alice.program.stderr).not.toMatch(/uncaught|unhandled|"level":(?:50|60)/i)
}

describe('the port for peers', () => {
  test(
    'whatever comes to the port of a peer, it lives, and a friend gets through',
    shared.with(async ({ alice, bob }) => {
      const { port } = alice
      const { pid } = alice.program
      const { tls } = await makeStranger()

      // Silent ones stay while everything else happens.
      const silent = await Promise.all([
        dialPlainly(port),
        dialPlainly(port),
        dialWithTls(port, tls),
        dialWithTls(port, tls),
      ])

      for (const bytes of [
        randomBytes(4_096),
        Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
        Buffer.alloc(64),
      ]) {
        const socket = await dialPlainly(port)
        socket.write(bytes)
        await untilClosed(socket)
      }
      const gone = await dialPlainly(port)
      gone.resetAndDestroy()

      await expect(dialWithTls(port, { ...tls, maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' })).rejects.toThrow(
        /version/i,
      )
      await expect(dialWithTls(port, { ...tls, ALPNProtocols: ['h2'] })).rejects.toThrow()
      const unmarked = await dialWithTls(port, { ...tls, ALPNProtocols: [] })
      expect(framesIn(await untilClosed(unmarked))).toEqual([])
      const anonymous = await dialWithTls(port, { ALPNProtocols: ['parley/1'], rejectUnauthorized: false })
      expect(framesIn(await untilClosed(anonymous))).toEqual([])

      for (const socket of silent) socket.destroy()
      await stillServes(alice, bob, pid)
    }),
  )

  test(
    'a hello that is too long, cut off, malformed or borrowed ends only its own link',
    shared.with(async ({ directory, alice, bob }) => {
      const { port } = alice
      const { pid } = alice.program
      const stranger = await makeStranger()
      const hello = stranger.hello()
      const borrowed = stranger.hello(await certificateOf('bob', directory))
      const nested = Buffer.concat([Buffer.alloc(200, 0x81), Buffer.of(0x00)])

      const hostile: readonly Uint8Array[] = [
        announcing(MAX_HELLO_BYTES + 1),
        announcing(0xff_ff_ff_ff),
        announcing(0),
        Buffer.concat([announcing(64), randomBytes(64)]),
        Buffer.concat([announcing(nested.length), nested]),
        encodeFrame({ type: TYPE.ping }),
        borrowed,
      ]
      for (const bytes of hostile) {
        const frames = await say(port, bytes)
        expect(frames).toMatchObject([{ type: TYPE.bye, reason: 'bad-hello' }])
      }
      const cut = await dialWithTls(port, stranger.tls)
      cut.end(hello.subarray(0, 40))
      expect(framesIn(await untilClosed(cut)).map(({ type }) => type)).not.toContain(TYPE.hello)

      // Somebody who knows how is heard; what follows a hello is held to the same rules.
      const known = await dialWithTls(port, stranger.tls)
      known.write(Buffer.concat([hello, announcing(0xff_ff_ff_ff)]))
      const heard = framesIn(await untilClosed(known))
      expect(heard.at(0)?.type).toBe(TYPE.hello)

      await bob.say('alice', 'Still you?')
      await stillServes(alice, bob, pid)
    }),
  )
})

test(
  'both end well when they are told to',
  shared.with(async ({ alice, bob }) => {
    expect(await alice.program.end('SIGTERM')).toMatchObject({ exitCode: 0 })
    expect(await bob.program.end('SIGINT')).toMatchObject({ exitCode: 0 })
  }),
)
