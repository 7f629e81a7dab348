// `parley start` and the other commands inside this process.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import { API_TOKEN_FILE, ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { actionsIn } from '#actions-in.ts'
import { parleyAt } from './command-line.ts'

export interface ReadyLine {
  readonly event: 'ready'
  readonly name: string
  readonly account: string
  readonly listening: readonly string[]
  readonly api: string
  readonly directory: string | null
  readonly profile: string
}

/** On a machine that is busy, for what should take far less. */
const PATIENCE_MS = 60_000

/** What the commands do in this process, for whoever has this environment. */
export function commandsIn(environment: Record<string, string>, passphrase?: string) {
  const look = { actions: actionsIn(environment), secrets: { PARLEY_PASSPHRASE: passphrase } }
  return (...args: string[]) => parleyAt(undefined, args, look)
}

export const USUAL = ['start', '--port', '0', '--api-port', '0', '--log-level', 'error']

/** `parley start` in this process: what it printed once it was ready. Rejects when it ends before. */
export async function begin(environment: Record<string, string>, ...args: string[]) {
  const ready = Promise.withResolvers<string>()
  const ended = parleyAt(undefined, [...USUAL, ...args], {
    actions: actionsIn(environment),
    onOutput: (line) => ready.resolve(line),
  })
  ended.then(({ code, err }) => ready.reject(new Error(`it ended with ${code}: ${err}`)), ready.reject)
  return { line: await ready.promise, ended }
}

export interface DaemonHere extends AsyncDisposable {
  readonly ready: ReadyLine
  readonly client: ApiClient
  /** Resolves when the directory knows where this peer is. */
  isOnline(): Promise<void>
  /** Sends it and waits until it is delivered. */
  say(to: string, text: string): Promise<void>
  /** What was said with somebody, oldest first, each with its direction before it. */
  said(who: string): Promise<string[]>
}

/** The same, until the end of the scope. */
export async function startHere(environment: Record<string, string>, ...args: string[]): Promise<DaemonHere> {
  const { line, ended } = await begin(environment, '--json', ...args)
  const ready: ReadyLine = JSON.parse(line)
  const token = ApiToken.parse((await readFile(join(ready.profile, API_TOKEN_FILE), 'utf8')).trim())
  const client = new ApiClient({ url: ready.api, token })
  return {
    ready,
    client,
    isOnline: async () => {
      while ((await client.status()).directory.state !== 'online') await new Promise((next) => setTimeout(next, 20))
    },
    say: async (to, text) => {
      const { id } = await client.send(to, text)
      const { state } = await client.waitFor(id, 'delivered', { timeoutMs: PATIENCE_MS })
      if (state !== 'delivered') throw new Error(`${text}: ${state} after ${PATIENCE_MS / 1_000} s`)
    },
    said: async (who) => {
      const { messages } = await client.history(who)
      return messages.toReversed().map(({ direction, text }) => `${direction} ${text}`)
    },
    [Symbol.asyncDispose]: async () => {
      await client.stop()
      await ended
    },
  }
}
