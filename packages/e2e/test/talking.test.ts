import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { MessageView } from '@parley/shared/local-api/messages.ts'
import { FoundUser } from '@parley/shared/local-api/peers.ts'
import { eventually } from '#eventually.ts'
import { readLines } from '#json-lines.ts'
import { needing } from '#needing.ts'
import { PeerProgram } from '#peer-program.ts'
import { COMMAND, onStage, type Stage } from '#stage.ts'

async function aliceAndBob(stage: Stage): Promise<{ alice: PeerProgram; bob: PeerProgram }> {
  const { url: directory } = await stage.directory()
  const [alice, bob] = await Promise.all([
    PeerProgram.start(stage, { name: 'alice', directory }),
    PeerProgram.start(stage, { name: 'bob', directory }),
  ])
  return { alice, bob }
}

test(
  'two people find each other by name and by address, connect, and talk both ways, typed and piped',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)

    const byName = await alice.parley('find', 'bob', '--json')
    expect(byName.exitCode).toBe(0)
    expect(readLines(byName.stdout, FoundUser)).toMatchObject([
      { name: 'bob', account: bob.ready.account, status: 'online' },
    ])
    const [atAlice, atBob] = await Promise.all([alice.api(), bob.api()])
    const byAddress = await atAlice.find('127.0.0.1')
    expect(byAddress.map(({ name }) => name).sort()).toEqual(['alice', 'bob'])

    expect((await alice.parley('connect', 'bob')).stdout).toMatch(/^Connected to bob at 127\.0\.0\.1/)
    expect(await atBob.peers()).toMatchObject([
      { name: 'alice', account: alice.ready.account, link: { state: 'connected', path: 'direct' } },
    ])

    const sent = await alice.parley('send', 'bob', 'Hello, Bob.', '--wait', 'delivered')
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' })
    expect(sent.stdout).toMatch(/^… queued (\S+)\n✓ delivered \1\n$/)
    const answered = await bob.parley('send', 'alice', 'Hello, Alice.', '--wait', 'delivered', '--json')
    expect(readLines(answered.stdout, MessageView).map(({ state }) => state)).toEqual(['queued', 'delivered'])

    expect(await alice.said('bob')).toEqual(['out Hello, Bob.', 'in Hello, Alice.'])
    expect(await bob.said('alice')).toEqual(['in Hello, Bob.', 'out Hello, Alice.'])
    const { stdout: page } = await alice.parley('history', 'bob')
    expect(page).toMatch(
      /^── \S+\n\d\d:\d\d {2}you {2}✓ delivered {2}Hello, Bob\.\n\d\d:\d\d {2}bob +Hello, Alice\.\n$/,
    )

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

    const ledger = await stage.parley(['verify-ledger', alice.profile, bob.profile])
    expect(ledger).toMatchObject({ exitCode: 0, stderr: '' })
  }),
)

test(
  'a message for somebody who is away waits, says why, and arrives once when they are back',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)
    await alice.say('bob', 'Are you there?')
    expect(await bob.parley('stop')).toMatchObject({ exitCode: 0, stdout: 'Stopped.\n' })
    expect(await bob.program.exit()).toMatchObject({ exitCode: 0 })

    const waiting = await alice.parley(
      'send',
      'bob',
      'For when you are back.',
      '--wait',
      'delivered',
      '--timeout',
      '1s',
    )
    expect(waiting.exitCode).toBe(75)
    expect(waiting.stderr).toContain('still queued after 1 s. The message is safe here and goes out when bob is back')
    const [, id = ''] = /queued (\S+)/.exec(waiting.stdout) ?? []
    const api = await alice.api()
    expect(await api.why(id)).toMatchObject({
      message: { id, state: 'queued' },
      summary: 'The message waits here for bob. It is safe on this device.',
    })
    expect(await api.peers()).toMatchObject([{ name: 'bob', waiting: 1 }])

    await bob.startAgain()
    expect((await api.waitFor(id, 'delivered', { timeoutMs: 30_000 })).state).toBe('delivered')
    expect(await bob.said('alice')).toEqual(['in Are you there?', 'in For when you are back.'])
    expect((await alice.parley('why', id)).stdout).toContain('A device of bob stored this message')
  }),
)

const onTerminal = needing('script', 'the chat on a terminal')
const CTRL_C = '\u0003'
const SHOWS_CURSOR = '\u001b[?25h'
const LEAVES_SCREEN = '\u001b[?1049l'

onTerminal(
  'two people chat on a terminal, whose size changes and whose peer is killed, and which is as it was afterwards',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)
    const [device, modes] = [stage.path('terminal'), stage.path('modes')]
    const command = [...COMMAND.parley, 'chat', 'bob', '--profile', alice.profile].map((word) => `'${word}'`).join(' ')
    const shell = `tty > '${device}'; stty cols 80 rows 24; ${command}; code=$?; stty -a > '${modes}'; exit $code`
    const terminal = stage.run({
      name: 'chat on a terminal',
      command: ['script', '-qfec', shell, '/dev/null'],
      env: { TERM: 'xterm-256color', NO_COLOR: '1' },
    })
    await terminal.printed('This is the beginning.')
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
    expect(await bob.said('alice')).toEqual(['in Hello, Bob.', 'out Hello, Alice.', 'in while it is away'])

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
