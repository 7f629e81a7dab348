// A daemon as a user starts it, and somebody who wrote it very many messages.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ApiClient } from '@parley/api-client'
import { createPeer } from '@parley/peer-client'
import { API_TOKEN_FILE, ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { z } from 'zod'
import { BenchError } from '#bench/bench-error.ts'
import type { Scene } from '#bench/scene.ts'

const PARLEY = new URL('main.ts', import.meta.resolve('@parley/peer-client'))
const AT_ONCE = 500

const Ready = z.object({ event: z.literal('ready'), listening: z.array(z.string()).min(1), api: z.url() })

export interface Home extends AsyncDisposable {
  readonly url: string
  readonly client: ApiClient
  readonly messages: number
}

/** Resolves when all of them are there. */
export async function openHome(scene: Scene, messages: number): Promise<Home> {
  const profile = scene.path('alice')
  const args = ['start', '--name', 'alice', '--profile', profile, '--no-directory', '--port', '0', '--json']
  const flags = ['--disable-warning=ExperimentalWarning', PARLEY.pathname]
  const daemon = spawn(process.execPath, [...flags, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: scene.signal,
  })
  daemon.on('error', () => undefined)
  const closed = once(daemon, 'close')
  await using started = new AsyncDisposableStack()
  started.defer(async () => {
    daemon.kill('SIGTERM')
    await closed.catch(() => undefined)
  })
  const line = String(await once(createInterface({ input: daemon.stdout }), 'line'))
  const ready = Ready.safeParse(JSON.parse(line)).data
  const [address] = ready?.listening ?? []
  if (ready === undefined || address === undefined) throw new BenchError('child-failed', 'the daemon did not start')
  await pour(scene, address, messages)
  const token = ApiToken.parse((await readFile(`${profile}/${API_TOKEN_FILE}`, 'utf8')).trim())
  const client = new ApiClient({ url: ready.api, token })
  const running = started.move()
  return { url: ready.api, client, messages, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Of many lengths, as people write: most have a line or two, some a paragraph. */
async function pour(scene: Scene, address: string, messages: number): Promise<void> {
  await using bob = createPeer({ name: 'bob', profile: scene.path('bob'), directory: null, listen: { port: 0 } })
  await bob.start()
  await bob.connect(address)
  let last = ''
  for (let from = 0; from < messages; from += AT_ONCE) {
    scene.signal.throwIfAborted()
    const numbers = Array.from({ length: Math.min(AT_ONCE, messages - from) }, (_, index) => from + index + 1)
    const sent = await Promise.all(numbers.map((number) => bob.send('alice', textOf(number))))
    last = sent.at(-1)?.id ?? last
  }
  await bob.waitFor(last, 'delivered', scene.signal)
}

function textOf(number: number): string {
  return `number ${number}. ${'some words '.repeat((number * 7) % 29)}`.trim()
}
