import { expect, test } from '@jest/globals'
import { MessageView, Why } from '@parley/shared/local-api/messages.ts'
import { FoundUser, PeerInfo } from '@parley/shared/local-api/peers.ts'
import { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { readLines } from '#json-lines.ts'
import { PeerProgram } from '#peer-program.ts'
import { onStage, type Stage } from '#stage.ts'

async function aliceAndBob(stage: Stage): Promise<{ alice: PeerProgram; bob: PeerProgram }> {
  const { url: directory } = await stage.directory()
  const [alice, bob] = await Promise.all([
    PeerProgram.start(stage, { name: 'alice', directory }),
    PeerProgram.start(stage, { name: 'bob', directory }),
  ])
  return { alice, bob }
}

async function textsOf(peer: PeerProgram, who: string): Promise<string[]> {
  const { stdout } = await peer.parley('history', who, '--json')
  return readLines(stdout, MessageView).map(({ text, direction }) => `${direction} ${text}`)
}

test(
  'two people find each other by name and by address, connect, and talk both ways',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)

    const byName = await alice.parley('find', 'bob', '--json')
    expect(byName.exitCode).toBe(0)
    expect(readLines(byName.stdout, FoundUser)).toMatchObject([
      { name: 'bob', account: bob.ready.account, status: 'online' },
    ])
    const byAddress = await alice.parley('find', '127.0.0.1', '--json')
    const seen = readLines(byAddress.stdout, FoundUser).map(({ name }) => name)
    expect(seen.sort()).toEqual(['alice', 'bob'])

    expect((await alice.parley('connect', 'bob')).stdout).toMatch(/^Connected to bob at 127\.0\.0\.1/)
    const { stdout: peers } = await bob.parley('peers', '--json')
    expect(readLines(peers, PeerInfo)).toMatchObject([
      { name: 'alice', account: alice.ready.account, link: { state: 'connected', path: 'direct' } },
    ])

    const sent = await alice.parley('send', 'bob', 'Hello, Bob.', '--wait', 'delivered')
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' })
    expect(sent.stdout).toMatch(/^… queued (\S+)\n✓ delivered \1\n$/)
    const answered = await bob.parley('send', 'alice', 'Hello, Alice.', '--wait', 'delivered', '--json')
    expect(readLines(answered.stdout, MessageView).map(({ state }) => state)).toEqual(['queued', 'delivered'])

    expect(await textsOf(alice, 'bob')).toEqual(['out Hello, Bob.', 'in Hello, Alice.'])
    expect(await textsOf(bob, 'alice')).toEqual(['in Hello, Bob.', 'out Hello, Alice.'])
    const { stdout: page } = await alice.parley('history', 'bob')
    expect(page).toMatch(
      /^── \S+\n\d\d:\d\d {2}you {2}✓ delivered {2}Hello, Bob\.\n\d\d:\d\d {2}bob +Hello, Alice\.\n$/,
    )

    const { stdout: status } = await alice.parley('status', '--json')
    expect(readLines(status, DaemonStatus)).toMatchObject([
      { name: 'alice', connected: 1, waiting: 0, directory: { state: 'online' }, pid: alice.program.pid },
    ])
    const ledger = await stage.parley(['verify-ledger', alice.profile, bob.profile])
    expect(ledger).toMatchObject({ exitCode: 0, stderr: '' })
  }),
)

test(
  'a message for somebody who is away waits, says why, and arrives once when they are back',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)
    await alice.parley('send', 'bob', 'Are you there?', '--wait', 'delivered')
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
    const { stdout: why } = await alice.parley('why', id, '--json')
    expect(readLines(why, Why)).toMatchObject([
      { message: { id, state: 'queued' }, summary: 'The message waits here for bob. It is safe on this device.' },
    ])
    const { stdout: peers } = await alice.parley('peers', '--json')
    expect(readLines(peers, PeerInfo)).toMatchObject([{ name: 'bob', waiting: 1 }])

    await bob.startAgain()
    const api = await alice.api()
    expect((await api.waitFor(id, 'delivered', { timeoutMs: 30_000 })).state).toBe('delivered')
    expect(await textsOf(bob, 'alice')).toEqual(['in Are you there?', 'in For when you are back.'])
    expect((await alice.parley('why', id)).stdout).toContain('A device of bob stored this message')
  }),
)

test(
  'standard input is one message, whatever it holds',
  onStage(async (stage) => {
    const { alice, bob } = await aliceAndBob(stage)
    const text = 'Zeile eins\n\n\tindented “quoted” — 你好 👩‍👩‍👧‍👦\nthe end'
    const { exitCode } = await stage.parley(['send', 'bob', '--profile', alice.profile, '--wait', 'delivered'], {
      input: `${text}\n`,
    })
    expect(exitCode).toBe(0)
    expect(await textsOf(bob, 'alice')).toEqual([`in ${text}`])
  }),
)
