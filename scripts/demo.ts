// `pnpm demo`: a directory and two peers as real processes on this machine, and what Parley promises, to be seen.
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { mainOf } from '@parley/e2e/mains.ts'
import { Program } from '@parley/e2e/program.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { openInBrowser } from '@parley/shared/terminal/desktop.ts'

const EXIT = { done: 0, usage: 64, internal: 70, interrupted: 130 } as const
const MAX_DEMO_MS = 55_000
const MAX_STOP_MS = 5_000
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']
const DIRECTORY = [...NODE, mainOf('directory-server')]
const PARLEY = [...NODE, mainOf('peer-client')]
const LATE = 'This waited on my disk until you came back.'

const paint = (format: 'bold' | 'cyan' | 'dim' | 'green' | 'red', text: string): string =>
  styleText(format, text, { stream: process.stdout })

function show(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`  ${line}`)
}

/** One run: its folder, the programs in it, and the step that it has come to. */
class Demo implements AsyncDisposable {
  readonly #folder: string
  readonly #programs: Program[] = []
  readonly #apiPorts = new Map<string, string>()
  #step = 'A folder is made.'
  #isOver = false

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(): Promise<Demo> {
    return new Demo(await mkdtemp(join(tmpdir(), 'parley-demo-')))
  }

  get step(): string {
    return this.#step
  }

  begin(sentence: string): void {
    this.#step = sentence
    console.log(`\n${paint('bold', sentence)}`)
  }

  profile(name: string): string {
    return join(this.#folder, name)
  }

  /** Resolves with its URL. */
  async startDirectory(): Promise<string> {
    const data = join(this.#folder, 'directory')
    const program = this.#run('directory', [...DIRECTORY, '--port', '0', '--data-dir', data])
    const ready = await program.line((line) => line)
    show(ready)
    return /http:\S+/.exec(ready)?.[0] ?? ready
  }

  /** Resolves when others find it. Started again it serves its page where it did before, so that one that is open goes on. */
  async startPeer(name: string, directory: string): Promise<Program> {
    const args = ['--name', name, '--profile', this.profile(name), '--directory', directory]
    const apiPort = this.#apiPorts.get(name) ?? '0'
    const program = this.#run(name, [...PARLEY, 'start', ...args, '--port', '0', '--api-port', apiPort])
    const ready = await program.line((line) => line)
    this.#apiPorts.set(name, /local API http:\S+:(\d+)/.exec(ready)?.[1] ?? '0')
    show(ready)
    await program.logged('online at the directory')
    return program
  }

  /** The page that the peer serves, signed in, once. Asked for without a program: that would take a second of a slow machine. */
  async link(name: string): Promise<string> {
    const token = (await readFile(join(this.profile(name), API_TOKEN_FILE), 'utf8')).trim()
    const api = `http://127.0.0.1:${this.#apiPorts.get(name)}/api/v1/sign-in-links`
    const answer = await fetch(api, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    return SignInLink.parse(await answer.json()).url
  }

  /** A command as somebody types it, with what it prints. */
  begun(who: string, ...args: readonly string[]): Program {
    const shown = args.map((arg) => (/^[\w.-]+$/.test(arg) ? arg : `'${arg}'`))
    show(`${paint('dim', `${who}:`)} ${paint('cyan', `parley ${shown.join(' ')}`)}`)
    const [command = '', ...rest] = args
    const program = this.#run(`parley ${command}`, [...PARLEY, command, '--profile', this.profile(who), ...rest])
    program.closeInput()
    program.onLine(show)
    return program
  }

  /** Resolves with what was printed. */
  async parley(who: string, ...args: readonly string[]): Promise<readonly string[]> {
    const program = this.begun(who, ...args)
    await endedWell(program)
    return program.lines
  }

  /** What a command prints, for this program and not for a person. */
  async asked(...args: readonly string[]): Promise<readonly string[]> {
    const program = this.#run(`parley ${args[0]}`, [...PARLEY, ...args])
    program.closeInput()
    await endedWell(program)
    return program.lines
  }

  /** The last lines of everything that ran. */
  report(): string {
    return this.#programs.map((program) => program.report()).join('\n\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    // Peers before the directory: they take their leave of it.
    for (const program of this.#programs.toReversed()) {
      await program.end('SIGTERM', MAX_STOP_MS).catch(() => program[Symbol.asyncDispose]())
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  #run(name: string, command: readonly string[]): Program {
    if (this.#isOver) throw new Error('interrupted')
    const { PATH = '', HOME = '', LANG = 'C.UTF-8', NODE_COMPILE_CACHE } = process.env
    const env = { PATH, HOME, LANG, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) }
    const program = new Program({ name, command, env })
    this.#programs.push(program)
    return program
  }
}

async function endedWell(program: Program): Promise<void> {
  const { exitCode, signal } = await program.exit()
  if (exitCode !== 0) throw new Error(`${program.name} ended with ${exitCode ?? signal}`)
}

async function tell(demo: Demo, isShownInBrowser: boolean): Promise<void> {
  demo.begin('A directory starts. It introduces people and never sees a message.')
  const url = await demo.startDirectory()

  demo.begin('Alice and Bob each start a peer. Each makes its keys and registers its name.')
  // Beside each other: a busy machine needs seconds for every start.
  let [, bob] = await Promise.all([demo.startPeer('alice', url), demo.startPeer('bob', url)])

  demo.begin('Each peer serves its page on this machine. Open both and look on; each link signs in once:')
  await showPages(demo, isShownInBrowser)

  demo.begin('Alice looks Bob up by name and connects to him directly.')
  await demo.parley('alice', 'find', 'bob')
  await demo.parley('alice', 'connect', 'bob')

  demo.begin('They talk. The tick means that the other side has stored the message.')
  await demo.parley('alice', 'send', 'bob', 'Hello, Bob.', '--wait', 'delivered')
  await demo.parley('bob', 'send', 'alice', 'Hello, Alice. No server between us.', '--wait', 'delivered')

  demo.begin(`Bob's peer is killed with SIGKILL. Alice writes all the same; her message waits on her disk.`)
  await bob.end('SIGKILL')
  const late = demo.begun('alice', 'send', 'bob', LATE, '--wait', 'delivered', '--timeout', '40s')
  await late.line((line) => (/queued|sent/.test(line) ? line : undefined))

  demo.begin('Bob starts again. The late message reaches him, once.')
  bob = await demo.startPeer('bob', url)
  await endedWell(late)
  const history = await demo.parley('bob', 'history', 'alice')
  const times = history.filter((line) => line.includes(LATE)).length
  if (times !== 1) throw new Error(`the late message is ${times} times in Bob's history`)

  demo.begin('Both databases are compared: nothing lost, doubled, reordered or ticked too early.')
  for (const line of await demo.asked('verify-ledger', demo.profile('alice'), demo.profile('bob'))) show(line)
}

async function showPages(demo: Demo, isShownInBrowser: boolean): Promise<void> {
  const names = ['alice', 'bob']
  const urls = await Promise.all(names.map((name) => demo.link(name)))
  for (const [at, url] of urls.entries()) show(`${names[at]}: ${url}`)
  if (!isShownInBrowser) return
  const areOpen = await Promise.all(urls.map(openInBrowser))
  if (!areOpen.every(Boolean)) show('There is no desktop here that could open them.')
}

/** How to go on by hand, while everything runs. */
async function invite(demo: Demo): Promise<void> {
  const as = (who: string) => `--profile ${demo.profile(who)}`
  demo.begin('Everything goes on running until Ctrl-C. In another terminal, in this folder:')
  show(`alias parley='npx -y pnpm@12 --silent parley'`)
  show(`parley chat bob ${as('alice')}`)
  show(`parley open ${as('bob')}`)
  show(`parley send bob 'Hello by hand' ${as('alice')}`)
  show(`parley history alice ${as('bob')}`)
  show(`parley status ${as('alice')}`)
  show(`parley peers ${as('bob')}`)
}

/** How to do the same by hand, from nothing. */
function conclude(): void {
  console.log(`\n${paint('bold', 'All of it was seen, and is cleaned up. By hand, one terminal each:')}`)
  show('npx -y pnpm@12 start:directory')
  show('npx -y pnpm@12 start:peer --name alice --directory http://127.0.0.1:5000')
  show('npx -y pnpm@12 start:peer --name bob --directory http://127.0.0.1:5000 --port 8001')
  show(`npx -y pnpm@12 parley send bob 'Hello, Bob.' --name alice`)
  show('npx -y pnpm@12 parley history alice --name bob')
  show('npx -y pnpm@12 parley open --name alice')
  show('npx -y pnpm@12 parley chat bob --name alice')
  show(`${paint('dim', 'Or let this demonstration run on: npx -y pnpm@12 demo --keep')}`)
}

async function run({ keep: isKept, browser: isShownInBrowser }: Flags): Promise<number> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  await using demo = await Demo.open()
  const late = AbortSignal.timeout(MAX_DEMO_MS)
  const ends = [once(interrupted.signal, 'abort'), once(late, 'abort').then(() => tooLate())]
  try {
    await Promise.race([tell(demo, isShownInBrowser), ...ends])
    if (interrupted.signal.aborted) return EXIT.interrupted
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted
    console.error(`\n${paint('red', 'This step failed:')} ${demo.step}\n${messageOf(error)}\n\n${demo.report()}`)
    return EXIT.internal
  }
  if (!isKept) return EXIT.done
  await invite(demo)
  await once(interrupted.signal, 'abort')
  console.log('\nStopping.')
  return EXIT.done
}

function tooLate(): never {
  throw new Error(`not done after ${MAX_DEMO_MS / 1_000} s`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

interface Flags {
  readonly keep: boolean
  readonly browser: boolean
}

const OPTIONS = {
  keep: { type: 'boolean', default: false },
  browser: { type: 'boolean', default: false },
} as const

const USAGE = `usage: pnpm demo [--keep] [--browser]
  --keep     leave everything running until Ctrl-C, to go on by hand
  --browser  show the pages of both on the desktop, and leave everything running

Examples:
  pnpm demo             all of it, and cleaned up, in less than a minute
  pnpm demo --browser   look on, and go on by hand`

function readArgs(args: readonly string[]): Flags | undefined {
  try {
    const { keep, browser } = parseArgs({ args: [...args], options: OPTIONS }).values
    // A page whose peer ends a moment later is none.
    return { keep: keep || browser, browser }
  } catch {
    return undefined
  }
}

const flags = readArgs(process.argv.slice(2))
if (flags === undefined) {
  console.error(USAGE)
  process.exitCode = EXIT.usage
} else {
  try {
    process.exitCode = await run(flags)
    if (process.exitCode === EXIT.done && !flags.keep) conclude()
  } catch (error) {
    console.error(`The demonstration could not make its folder, or not remove it: ${messageOf(error)}`)
    process.exitCode = EXIT.internal
  }
}
