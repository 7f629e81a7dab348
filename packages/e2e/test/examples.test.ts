import { readdir, stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { onStage } from '#stage.ts'

test(
  'the example of the library runs as it stands',
  onStage(async (stage) => {
    expect(await stage.script('docs/examples/hello.ts').exit()).toMatchObject({
      exitCode: 0,
      stdout: 'alice wrote: Hello, Bob.\nAlice sees that it was delivered.\n',
      stderr: '',
    })
  }),
)

test(
  'the demonstration shows everything, can be gone on with by hand until it is interrupted, and leaves nothing behind',
  onStage(async (stage) => {
    const demo = stage.script('scripts/demo.ts', { args: ['--keep'] })
    const profile = await demo.line((line) => /parley send bob .*--profile (\S+)/.exec(line)?.[1], 58_000)
    expect((await stat(profile)).mode & 0o777).toBe(0o700)
    const sent = await stage.parley(['send', 'bob', 'Hello by hand', '--profile', profile, '--wait', 'delivered'])
    expect(sent).toMatchObject({ exitCode: 0 })

    const { exitCode, stdout, stderr } = await demo.end('SIGINT')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const [, history = ''] = /parley history alice\n([\s\S]*?)\n\n/.exec(stdout) ?? []
    expect(history.match(/This waited on my disk until you came back\./g)).toHaveLength(1)
    expect(stdout).toContain('nothing lost, nothing twice, nothing out of order, no false tick')
    expect(stdout).not.toContain('\u001b[')
    expect(await readdir(stage.dir)).toEqual([])
  }),
)

test(
  'the demonstration that fails says at which step, shows what was logged last, and ends with 70',
  onStage(async (stage) => {
    // RLIMIT_FSIZE (setrlimit(2)), in units of 1,024 bytes: the directory cannot write its database.
    const { exitCode, stderr } = await stage
      .script('scripts/demo.ts', {
        under: ['bash', '-c', 'ulimit -f 16 && exec "$0" "$@"'],
      })
      .exit()
    expect(exitCode).toBe(70)
    expect(stderr).toMatch(/^\nThis step failed: A directory starts\./)
    expect(stderr).toMatch(/— directory \(ended with \d+\)\n.*parley-directory: /)
    expect(await readdir(stage.dir)).toEqual([])
  }),
)

test(
  'a demonstration that is asked for something unknown says how it is meant',
  onStage(async (stage) => {
    expect(await stage.script('scripts/demo.ts', { args: ['--loud'] }).exit()).toMatchObject({
      exitCode: 64,
      stdout: '',
    })
  }),
)
