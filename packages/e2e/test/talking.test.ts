import { expect, test } from '@jest/globals'
import { MessageView } from '@parley/shared/local-api/messages.ts'
import { FoundUser } from '@parley/shared/local-api/peers.ts'
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
