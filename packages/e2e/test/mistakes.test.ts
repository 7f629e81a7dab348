import { chmod } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { readLines } from '#json-lines.ts'
import { PeerProgram } from '#peer-program.ts'
import { COMMAND, onStage } from '#stage.ts'

const Failed = z.strictObject({
  event: z.literal('failed'),
  code: z.string(),
  message: z.string().min(1),
  exitCode: z.int(),
})

test(
  'every mistake has an exit code of its own, a sentence, and a stable code',
  onStage(async (stage) => {
    const alice = await PeerProgram.start(stage, { name: 'alice', directory: (await stage.directory()).url })
    const away = stage.path('away')
    await stage.parley(['init', '--name', 'away', '--profile', away])

    const mistakes: readonly (readonly [exitCode: number, code: string, ...args: readonly string[]])[] = [
      [64, 'bad-name', 'init', '--name', 'no spaces', '--profile', stage.path('new')],
      [64, 'no-text', 'send', 'bob', '--profile', alice.profile],
      [66, 'unknown-message', 'why', 'no-such-id', '--profile', alice.profile],
      [65, 'profile-exists', 'init', '--name', 'away', '--profile', away],
      [66, 'unknown-name', 'send', 'nobody', 'hello', '--profile', alice.profile],
      [69, 'not-running', 'status', '--profile', away],
      [71, 'profile-in-use', 'start', '--port', '0', '--profile', alice.profile, '--name', 'alice'],
    ]
    await Promise.all(
      mistakes.map(async ([exitCode, code, ...args]) => {
        const ended = await stage.parley([...args, '--json'])
        expect(ended).toMatchObject({ exitCode, stdout: '' })
        const [failed] = readLines(ended.stderr.split('\n').slice(-2).join('\n'), Failed)
        expect(failed).toMatchObject({ code, exitCode })
      }),
    )

    const unknown = await alice.parley('send', 'nobody', 'hello')
    expect(unknown.stderr).toMatch(/^parley: .*nobody.* \(unknown-name\)\n$/)
  }),
)

test(
  'a command line that means nothing ends with 64 and says how it is meant',
  onStage(async (stage) => {
    const ended = await stage.parley(['start', '--port', '70000'])
    expect(ended).toMatchObject({ exitCode: 64, stdout: '' })
    expect(ended.stderr).toMatch(/^parley: \S/)
  }),
)

test(
  'a profile that others can read is not used',
  onStage(async (stage) => {
    const profile = stage.path('alice')
    await stage.parley(['init', '--name', 'alice', '--profile', profile])
    await chmod(profile, 0o755)
    const refused = await stage.parley(['start', '--profile', profile, '--port', '0', '--no-directory'])
    expect(refused).toMatchObject({ exitCode: 73, stdout: '' })
    expect(refused.stderr).toContain(`chmod 700 ${profile}`)
  }),
)

test(
  'a message can be taken back while it waits, and not after it was sent',
  onStage(async (stage) => {
    const { url: directory } = await stage.directory()
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory }),
      PeerProgram.start(stage, { name: 'bob', directory }),
    ])
    await alice.say('bob', 'this one arrives')
    const { messages } = await (await alice.api()).history('bob')
    expect(await alice.parley('cancel', messages.at(0)?.id ?? '')).toMatchObject({ exitCode: 65 })

    await bob.kill()
    const waiting = stage.run({
      name: 'a send that waits',
      command: [...COMMAND.parley, 'send', '--profile', alice.profile, 'bob', 'never mind', '--wait', 'delivered'],
    })
    const id = await waiting.line((line) => /queued (\S+)/.exec(line)?.[1])
    expect(await alice.parley('cancel', id)).toMatchObject({
      exitCode: 0,
      stdout: 'Taken back. bob will not get it.\n',
    })
    expect(await waiting.exit()).toMatchObject({ exitCode: 76 })

    await bob.startAgain()
    await alice.say('bob', 'this one arrives too')
    expect(await bob.said('alice')).toEqual(['in this one arrives', 'in this one arrives too'])
  }),
)
