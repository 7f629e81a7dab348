import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { UsersPage } from '@parley/shared/directory-api/users.ts'
import type { DirectoryProgram } from '#directory-program.ts'
import { eventually } from '#eventually.ts'
import { freePort } from '#free-port.ts'
import { needing } from '#needing.ts'
import type { Ended, Program } from '#program.ts'
import { COMMAND, onStage, type Stage } from '#stage.ts'

const HOSTILE = '\u001b]0;owned\u0007\u001b[31mred\u202e'
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

const onTerminal = needing('script', 'the console on a terminal')

function flags(directory: Pick<DirectoryProgram, 'url'>, keys: string): string[] {
  return ['--port', new URL(directory.url).port, '--keys', keys]
}

/** The console with an answer on each line of its input; here the lines are parted by `|`. */
function piped(stage: Stage, args: readonly string[], ...answers: readonly string[]): Promise<Ended> {
  const input = answers.map((lines) => `${lines.replaceAll('|', '\n')}\n`).join('')
  return stage.run({ name: 'console', command: [...COMMAND.console, ...args], input }).exit()
}

/** What is said between the menus, one text for each action. */
function said({ stdout }: Ended): string[] {
  return stdout.split(/^\? What next\?.*\n?/m).map((text) => text.trim())
}

async function modesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const modes = await Promise.all(
    entries.map(async (entry) => ((await stat(join(entry.parentPath, entry.name))).mode & 0o777).toString(8)),
  )
  return [...new Set(modes)].toSorted()
}

async function statusOf(directory: DirectoryProgram, name: string): Promise<string | undefined> {
  const page = UsersPage.parse(await (await fetch(`${directory.url}/v1/users`)).json())
  return page.users.find((user) => user.name === name)?.status
}

/** The console on a pseudo-terminal, as a person uses it. */
class Screen {
  readonly program: Program
  #seen = 0

  /** `after` is done by the same shell, on the same terminal. */
  constructor(stage: Stage, args: readonly string[], after = '') {
    const command = [...COMMAND.console, ...args].map((word) => `'${word}'`).join(' ')
    this.program = stage.run({
      name: 'console on a terminal',
      command: ['script', '-qfec', `stty cols 100 rows 40; ${command}; code=$?; ${after} exit $code`, '/dev/null'],
      env: { TERM: 'xterm-256color', NO_COLOR: '1' },
    })
  }

  /** Waits for a text after those that were seen before. */
  async see(text: string): Promise<void> {
    this.#seen = await this.program.printed(text, this.#seen)
  }

  /** Waits for a menu, and takes what begins so. */
  async choose(begin: string): Promise<void> {
    await this.see('letters jump')
    this.program.write(`${begin}\r`)
  }

  async answer(question: string, text: string): Promise<void> {
    await this.see(question)
    this.program.write(`${text}\r`)
  }

  press(key: string): void {
    this.program.write(key)
  }
}

describe('the console with answers from a pipe', () => {
  test(
    'registers, finds, goes online, watches and gives up, and ends well with the answers',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const ended = await piped(
        stage,
        flags(directory, stage.path('keys')),
        'register|Alice|Alice A.|on the road',
        'register|bob||',
        'online|alice|who|list|find|alice|address|127.0.0.1',
        'watch|alice, bob|any key',
        'offline|1|delete|bob|alice|y|find|bob|raw',
      )

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      const [, alice, bob, online, who, list, found, address, watched, offline, given, gone, raw] = said(ended)
      expect(alice).toMatch(
        /^\? Name: Alice\n\? Shown as: Alice A\.\n\? Status text: on the road\nalice is registered\./,
      )
      expect(bob).toMatch(/^\? Name: bob\n\? Shown as: bob\n\? Status text:\nbob is registered\./)
      expect(online).toContain('alice is online')
      expect(who).toMatch(
        /^NAME +CALLED +NOW +ADDRESS +STATUS TEXT\nalice +Alice A\. +online +127\.0\.0\.1 +on the road$/,
      )
      const both = /^NAME .*\nalice +Alice A\. +online .*\nbob +bob +offline +127\.0\.0\.1$/
      expect(list).toMatch(both)
      expect(found).toMatch(
        /called +Alice A\.\n(.|\n)*record +signed by the account, for this directory(.|\n)*now +online/,
      )
      expect(address?.replace(/^.*\n/, '')).toMatch(both)
      expect(watched).toMatch(/\d\d:\d\d:\d\d {2}alice +online\n\d\d:\d\d:\d\d {2}bob +offline\nNo longer watching\.$/)
      expect(offline).toMatch(/alice is offline\.$/)
      expect(given).toContain('bob is given up.')
      expect(gone).toMatch(/Nobody holds the name bob\. The directory says that its account moved to alice\.$/)
      expect(raw).toMatch(
        /^GET \/v1\/users\/bob\n404 Not Found {2}in \d+ ms\n(.|\n)*"code": "unknown-name"(.|\n)*alice/,
      )
      expect(await modesBelow(stage.path('keys'))).toEqual(['600', '700'])
      expect(((await stat(stage.path('keys'))).mode & 0o777).toString(8)).toBe('700')
      expect(await statusOf(directory, 'alice')).toBe('offline')
    }),
  )

  test(
    'tells in words what is refused, keeps no keys that are good for nothing, and comes back to the menu',
    onStage(async (stage) => {
      const directory = await stage.directory()
      await piped(stage, flags(directory, stage.path('mine')), 'register', 'alice', '', '')
      const ended = await piped(
        stage,
        flags(directory, stage.path('others')),
        'register|alice|||register|not a name|delete|bogus|find|nobody|raw|quit|list',
      )

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      const [, taken, noName, noUser, bogus, nobody, raw, quit] = said(ended)
      expect(taken).toMatch(/Refused \(409 name-taken\): /)
      expect(noName).toContain('"not a name" cannot be a name')
      expect(noUser).toContain('register a user first')
      expect(bogus).toMatch(/"bogus" is none of the choices: 1 register, 2 list/)
      expect(nobody).toContain('Nobody holds the name nobody.')
      expect(raw).toContain('404 Not Found')
      expect(quit).toBe('')
      expect(await modesBelow(stage.path('others'))).toEqual(['700'])
    }),
  )

  test(
    'takes a name again that it gave up, with the keys that it kept, and shows a long list page by page',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const more = Array.from({ length: 21 }, (_, index) => ['register', `user${index + 10}`, '', '']).flat()
      const ended = await piped(
        stage,
        flags(directory, stage.path('keys')),
        'register|alice|||delete|alice||y|register|alice|Alice again|',
        more.join('|'),
        'list|next|list|back',
      )

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      expect(ended.stdout).toContain('The new record of alice is in force.')
      const [all, first] = said(ended).slice(-2)
      expect(all).toMatch(/^NAME(.|\n)*alice +Alice again(.|\n)*\? There are more: next\nNAME(.|\n)*user30 +user30/)
      expect(first).toMatch(/\? There are more: back$/)
      expect(first).not.toContain('user30')
    }),
  )

  test(
    'writes out what a terminal would act on, wherever it comes from',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const ended = await piped(
        stage,
        flags(directory, stage.path('keys')),
        `register|mallory|${HOSTILE}|${HOSTILE}|list|find|mallory|raw|${HOSTILE}|address|${HOSTILE}`,
      )

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      expect(ended.stdout).toContain(String.raw`\x1b]0;owned\x07\x1b[31mred\u{202e}`)
      expect(ended.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    }),
  )

  test(
    'says that nobody answers, and asks on',
    onStage(async (stage) => {
      const port = String(await freePort())
      const args = ['--port', port, '--keys', stage.path('keys')]
      const ended = await piped(stage, args, 'list', 'register', 'online', 'raw', 'quit')

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      const [head, list, register, online, raw] = said(ended)
      for (const text of [head, list, register, online]) {
        expect(text).toContain(`No answer from http://127.0.0.1:${port}: nobody listens there.`)
      }
      expect(raw).toBe('Nothing was asked yet.')
    }),
  )

  test(
    'uses no keys that others can read',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const args = flags(directory, stage.path('keys'))
      await piped(stage, args, 'register', 'alice', '', '')
      await chmod(stage.path('keys'), 0o755)

      const ended = await piped(stage, args, 'online', 'alice', 'register', 'bob', '', '')

      expect(ended).toMatchObject({ exitCode: 0, stderr: '' })
      expect(ended.stdout.match(/is open to other users/g)).toHaveLength(2)
      expect(await statusOf(directory, 'bob')).toBeUndefined()
    }),
  )

  test.each([
    [['--port', 'x'], '--port is a number'],
    [['--port', '70000'], '--port is a number'],
    [['--host', 'not a host'], '--host is an address'],
    [['--bogus'], "Unknown option '--bogus'"],
    [['extra'], 'extra'],
  ])('ends with 64 when it is asked %j', async (args, sentence) => {
    await onStage(async (stage) => {
      expect(await piped(stage, args)).toMatchObject({
        exitCode: 64,
        stdout: '',
        stderr: expect.stringContaining(sentence),
      })
    })()
  })

  test(
    'explains itself',
    onStage(async (stage) => {
      expect(await piped(stage, ['--help'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^usage: pnpm console(.|\n)*--keys DIR(.|\n)*watch +who comes and goes/),
        stderr: '',
      })
    }),
  )

  test(
    'goes offline when it is stopped',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const command = [...COMMAND.console, ...flags(directory, stage.path('keys'))]
      const program = stage.run({ name: 'console', command })
      program.write('register\nalice\n\n\nonline\nalice\n')
      await program.printed('alice is online')

      expect(await program.end('SIGTERM')).toMatchObject({ exitCode: 143, stderr: '' })
      await eventually('alice is offline', async () => (await statusOf(directory, 'alice')) === 'offline' || undefined)
    }),
  )
})

describe('the console on a terminal', () => {
  onTerminal(
    'has menus, watches live until a key, and leaves cleanly at Ctrl-C',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const args = flags(directory, stage.path('keys'))
      const screen = new Screen(stage, args)

      await screen.choose('register')
      await screen.answer('Name:', 'Alice')
      await screen.answer('Shown as:', '')
      await screen.answer('Status text:', 'here')
      await screen.see('alice is registered.')
      await screen.choose('watch')
      await screen.answer('Names to watch:', 'alice bob')
      await screen.choose('alice')
      await screen.see('Any key ends it.')
      await screen.see('alice                 online')
      await screen.see('bob                   offline')
      await piped(stage, flags(directory, stage.path('other keys')), 'register', 'bob', '', '', 'online', 'bob')
      await screen.see('bob                   online')
      await screen.see('bob                   offline')
      screen.press('x')
      await screen.see('No longer watching.')
      await screen.choose('list')
      await screen.see('NAME')
      await screen.see('alice')
      await screen.see('letters jump')
      screen.press(CTRL_C)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 130 })
      await eventually('alice is offline', async () => (await statusOf(directory, 'alice')) === 'offline' || undefined)
    }),
  )

  onTerminal(
    'outlives the directory, and ends at Ctrl-D',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const args = flags(directory, stage.path('keys'))
      await piped(stage, args, 'register', 'alice', '', '')
      const screen = new Screen(stage, args)
      await screen.choose('online')
      await screen.choose('alice')
      await screen.see('alice is online')

      await directory.kill()
      await screen.choose('list')
      await screen.see('nobody listens there')
      await screen.see('alice is offline now: the connection broke')
      await directory.restart()
      await screen.choose('list')
      await screen.see('alice')
      await screen.see('letters jump')
      screen.press(CTRL_D)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 0 })
    }),
  )

  onTerminal(
    'stops watching at Ctrl-C without leaving the terminal unusable',
    onStage(async (stage) => {
      const directory = await stage.directory()
      const args = flags(directory, stage.path('keys'))
      await piped(stage, args, 'register', 'alice', '', '')
      const modes = stage.path('modes')
      const screen = new Screen(stage, args, `stty -a > '${modes}';`)
      await screen.choose('watch')
      await screen.answer('Names to watch:', '')
      await screen.choose('alice')
      await screen.see('alice                 online')
      screen.press(CTRL_C)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 130 })
      expect(await readFile(modes, 'utf8')).toMatch(/(?<!-)\bicanon\b(.|\n)*(?<!-)\becho\b/)
    }),
  )
})
