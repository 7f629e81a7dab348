import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const { PARLEY_MAIN = 'src/main.ts' } = process.env
const MAIN = fileURLToPath(new URL(`../../../directory-server/${PARLEY_MAIN}`, import.meta.url))
const Ready = z.object({ event: z.literal('ready'), url: z.url() })

export interface RunningDirectory extends AsyncDisposable {
  readonly url: string
  /** Ends the process; `SIGKILL` leaves it no time to say so. */
  end(signal?: NodeJS.Signals): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Where its memory is. */
  readonly dataDir: string
  /** The same directory again, at the same address; or one with another memory. */
  restart(memory?: string): Promise<void>
}

/** The real program, in a process of its own, on a free port and a temporary data directory. */
export async function startDirectory(flags: readonly string[] = []): Promise<RunningDirectory> {
  const root = await mkdtemp(join(tmpdir(), 'parley-test-'))
  const dataDir = join(root, 'directory')
  const first = await run(dataDir, '0', flags)
  const { url } = first
  let { child } = first
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    url,
    dataDir,
    end,
    signal: (name) => void child.kill(name),
    restart: async (memory = dataDir) => {
      await end()
      const again = await run(memory, new URL(url).port, flags)
      child = again.child
    },
    [Symbol.asyncDispose]: async () => {
      await end()
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function run(
  dataDir: string,
  port: string,
  flags: readonly string[],
): Promise<{ child: ChildProcess; url: string }> {
  const args = [
    '--disable-warning=ExperimentalWarning',
    MAIN,
    '--json',
    '--port',
    port,
    '--data-dir',
    dataDir,
    ...flags,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_096)
  })
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, url: Ready.parse(JSON.parse(line)).url }
  }
  throw new Error(`the directory did not start: ${log}`)
}
