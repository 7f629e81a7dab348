import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { afterAll, describe, expect, test } from 'vitest'
import type { DirectoryProgram } from '#directory-program.ts'
import { eventually } from '#eventually.ts'
import { needing } from '#needing.ts'
import type { Ended, Program } from '#program.ts'
import { SharedStage } from '#shared-stage.ts'
import { COMMAND, type Stage } from '#stage.ts'

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

// One directory for all of them, with one user whose keys are there. Each leaves it running, and has names and keys of its own besides.
const shared = new SharedStage(async (stage) => {
  const directory = await stage.directory()
  const olga = flags(directory, stage.path('keys of olga'))
  await piped(stage, olga, 'register', 'olga', '', '')
  return { directory, olga }
})

afterAll(() => shared[Symbol.asyncDispose]())

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
    shared.with(async ({ directory }, stage) => {
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
      const both = /^NAME .*\nalice +Alice A\. +online .*\nbob +bob +offline +127\.0\.0\.1$/m
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
    'goes offline when it is stopped',
    shared.with(async ({ directory, olga }, stage) => {
      const program = stage.run({ name: 'console', command: [...COMMAND.console, ...olga] })
      program.write('online\nolga\n')
      await program.printed('olga is online')

      expect(await program.end('SIGTERM')).toMatchObject({ exitCode: 143, stderr: '' })
      await eventually('olga is offline', async () => (await statusOf(directory, 'olga')) === 'offline' || undefined)
    }),
  )
})

describe('the console on a terminal', () => {
  onTerminal(
    'has menus, watches live until a key, and leaves cleanly at Ctrl-C',
    shared.with(async ({ directory }, stage) => {
      const screen = new Screen(stage, flags(directory, stage.path('keys of anton')))

      await screen.choose('register')
      await screen.answer('Name:', 'Anton')
      await screen.answer('Shown as:', '')
      await screen.answer('Status text:', 'here')
      await screen.see('anton is registered.')
      await screen.choose('watch')
      await screen.answer('Names to watch:', 'anton bert')
      await screen.choose('anton')
      await screen.see('Any key ends it.')
      await screen.see('anton                 online')
      await screen.see('bert                  offline')
      await piped(stage, flags(directory, stage.path('keys of bert')), 'register', 'bert', '', '', 'online', 'bert')
      await screen.see('bert                  online')
      await screen.see('bert                  offline')
      screen.press('x')
      await screen.see('No longer watching.')
      await screen.choose('list')
      await screen.see('NAME')
      await screen.see('anton')
      await screen.see('letters jump')
      screen.press(CTRL_C)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 130 })
      await eventually('anton is offline', async () => (await statusOf(directory, 'anton')) === 'offline' || undefined)
    }),
  )

  onTerminal(
    'outlives the directory, and ends at Ctrl-D',
    shared.with(async ({ directory, olga }, stage) => {
      const screen = new Screen(stage, olga)
      await screen.choose('online')
      await screen.choose('olga')
      await screen.see('olga is online')

      await directory.kill()
      await screen.choose('list')
      await screen.see('nobody listens there')
      await screen.see('olga is offline now: the connection broke')
      await directory.restart()
      await screen.choose('list')
      await screen.see('olga')
      await screen.see('letters jump')
      screen.press(CTRL_D)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 0 })
    }),
  )

  onTerminal(
    'stops watching at Ctrl-C without leaving the terminal unusable',
    shared.with(async ({ olga }, stage) => {
      const modes = stage.path('modes')
      const screen = new Screen(stage, olga, `stty -a > '${modes}';`)
      await screen.choose('watch')
      await screen.answer('Names to watch:', '')
      await screen.choose('olga')
      await screen.see('olga                  online')
      screen.press(CTRL_C)

      expect(await screen.program.exit()).toMatchObject({ exitCode: 130 })
      expect(await readFile(modes, 'utf8')).toMatch(/(?<!-)\bicanon\b(.|\n)*(?<!-)\becho\b/)
    }),
  )
})
