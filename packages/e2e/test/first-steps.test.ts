import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { readJson } from '#json-lines.ts'
import { COMMAND, onStage, type Stage } from '#stage.ts'

const Ready = z.object({ event: z.literal('ready'), profile: z.string(), directory: z.string().nullable() })

/** `parley start` with as little as a person types; the home directory is that of the stage. */
function start(stage: Stage, ...flags: readonly string[]) {
  return stage.run({
    name: 'parley start',
    command: [...COMMAND.parley, 'start', '--port', '0', '--api-port', '0', '--json', ...flags],
  })
}

test(
  'whoever has one profile never names it',
  onStage(async (stage) => {
    const { url } = await stage.directory()
    const profile = stage.path('.local/share/parley/alice')
    const made = await stage.parley(['init', '--name', 'Alice', '--directory', url])
    expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^It has no passphrase: [^\n]*\n$/) })
    expect(made.stdout).toContain(profile)

    const daemon = start(stage)
    expect(await daemon.line((line) => readJson(line, Ready))).toMatchObject({ profile, directory: url })
    const find = await stage.parley(['find', 'alice'])
    expect(find).toMatchObject({ exitCode: 0 })
    expect(find.stdout).toMatch(/^alice +Alice +online/m)
    expect(await stage.parley(['stop'])).toMatchObject({ exitCode: 0 })
    expect(await daemon.exit()).toMatchObject({ exitCode: 0 })
  }),
)

test(
  'a first start makes the profile, and with several the name says which is meant',
  onStage(async (stage) => {
    const alice = start(stage, '--name', 'alice', '--no-directory')
    const bob = start(stage, '--uname', 'bob', '--no-directory')
    await Promise.all([alice, bob].map((daemon) => daemon.line((line) => readJson(line, Ready))))
    const [named, chosen] = await Promise.all([
      stage.parley(['status', '--name', 'bob']),
      stage.parley(['status'], { env: { PARLEY_PROFILE: stage.path('.local/share/parley/alice') } }),
    ])
    expect(named.stdout).toMatch(/^bob /)
    expect(chosen.stdout).toMatch(/^alice /)
    expect(await alice.end('SIGTERM')).toMatchObject({ exitCode: 0 })
    expect(await bob.end('SIGINT')).toMatchObject({ exitCode: 0 })
  }),
)
