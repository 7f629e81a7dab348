import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const QUIET = '--disable-warning=ExperimentalWarning'

const BIN = join(ROOT, 'node_modules/.bin')

export interface RunOptions {
  /** Then it is killed. */
  readonly limitMs: number
  readonly stdio: 'inherit' | 'pipe'
  readonly env?: Readonly<Record<string, string>>
}

export interface Outcome {
  readonly ok: boolean
  /** With `pipe`: what it wrote, to both streams. */
  readonly output: string
  readonly why: string
}

const running = new Set<number>()
let isInterrupted = false

/** Settles when the command has ended or was killed at its limit; whatever it started ends with it. */
export function run(command: readonly string[], { limitMs, stdio, env }: RunOptions): Promise<Outcome> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    // A process group of its own, because tests start daemons that must not outlive a kill.
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { ...process.env, ...env, PATH: [BIN, process.env['PATH'] ?? ''].join(delimiter) },
      detached: true,
      stdio: ['ignore', stdio, stdio],
    })
    const group = child.pid
    if (group !== undefined) running.add(group)
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(group)
    }, limitMs)
    let startError = ''
    child.on('error', (error) => {
      startError = error.message
      settle(null, null)
    })
    // `exit` and not `close`: a leftover that keeps our pipe open must not keep us waiting.
    child.on('exit', (code, signal) => setImmediate(settle, code, signal))

    function settle(code: number | null, signal: NodeJS.Signals | null) {
      clearTimeout(timer)
      killGroup(group)
      const ended = signal === null ? `exit code ${code}` : `killed by ${signal}`
      const cut = isInterrupted ? 'interrupted' : ended
      const why = startError || (late ? `not done after ${limitMs / 1000} s` : cut)
      resolve({ ok: code === 0 && !late, output: Buffer.concat(chunks).toString(), why })
    }
  })
}

/** Somebody wants to stop: kills whatever `run` has started and is not done with. */
export function killAll(): void {
  isInterrupted = true
  for (const group of running) killGroup(group)
}

function killGroup(group: number | undefined) {
  if (group === undefined || !running.delete(group)) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nobody of that group is left, as it should be.
  }
}
