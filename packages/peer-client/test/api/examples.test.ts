import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startParley } from '../support/command-line.ts'
import { startHere } from '../support/daemon-here.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const DOCS = new URL('../../../../docs/', import.meta.url)
const BOT = fileURLToPath(new URL('examples/echo-bot.ts', DOCS))

const hasCurl = existsSync('/usr/bin/curl') || process.env['CI'] !== undefined
if (!hasCurl) console.warn('curl is not installed, so this is not tested: that the commands of docs/local-api.md work')

test.runIf(hasCurl)(
  'the bot of the examples answers each message once, and every command of the page about the API works',
  async () => {
    await using home = await tempDirectory()
    const environment = { XDG_DATA_HOME: home.path }
    await using echo = await startHere(environment, '--name', 'echo', '--no-directory')
    const peer = ['--peer', echo.ready.listening[0] ?? '']
    await using alice = await startHere(environment, '--name', 'alice', '--no-directory', ...peer)
    const isConnected = async () => (await alice.client.status()).connected === 1
    while (!(await isConnected())) await new Promise((resolve) => setTimeout(resolve, 20))
    const { profile } = alice.ready

    await alice.say('echo', 'said before the bot was there')
    await using bot = startParley([echo.ready.profile], { script: BOT })
    await bot.line(/^echo echoes$/)
    await alice.client.send('echo', 'said to the bot')
    const answers = []
    let cursor = '0.0'
    while (answers.length < 2) {
      const page = await alice.client.received({ after: cursor, waitMs: 20_000 })
      answers.push(...page.messages)
      cursor = page.next
    }
    expect(answers).toMatchObject([
      { text: 'said before the bot was there', replyTo: { message: { direction: 'out' } } },
      { text: 'said to the bot' },
    ])
    bot.signal('SIGTERM')
    expect(await bot.ended).toMatchObject({ code: 0, err: '' })

    const page = await readFile(new URL('local-api.md', DOCS), 'utf8')
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block)
    expect(commands.length).toBeGreaterThan(5)
    const script = `set -eu\nprofile=${profile}\n${commands.join('').replaceAll(/^profile=.*$/gm, '')}`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script])
    expect(stderr).toBe('')
    expect(stdout.match(/"code":"[a-z-]+"/g)).toEqual(['"code":"unknown-name"'])
  },
)
