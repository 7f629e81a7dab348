import { request } from 'node:http'
import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { pino } from 'pino'
import { type LocalApi, type LocalApiOptions, startLocalApi } from '#api/local-api.ts'
import { tempDirectory } from './temp-directory.ts'
import { TestDaemon } from './test-daemon.ts'

export interface RunningApi extends AsyncDisposable {
  readonly api: LocalApi
  readonly daemon: TestDaemon
  readonly client: ApiClient
  /** A directory that stands for the profile. */
  readonly profile: string
  readonly port: number
}

export async function runApi(options: Partial<LocalApiOptions> & { daemon?: TestDaemon } = {}): Promise<RunningApi> {
  await using scope = new AsyncDisposableStack()
  const { path: profile } = scope.use(await tempDirectory())
  const { daemon = new TestDaemon(), ...rest } = options
  const tokenFile = join(profile, API_TOKEN_FILE)
  const api = scope.use(await startLocalApi({ daemon, port: 0, tokenFile, log: pino({ level: 'silent' }), ...rest }))
  const client = new ApiClient({ url: api.url, token: api.token, retry: { minMs: 1, maxMs: 10 } })
  const all = scope.move()
  return {
    api,
    daemon,
    client,
    profile,
    port: Number(new URL(api.url).port),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** A request with exactly these headers, which fetch would not send. */
export function ask(port: number, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const sending = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      })
    })
    response.on('error', reject)
  })
  sending.on('error', reject)
  sending.end(body)
  return promise
}

/** The headers of a program that has read the token file. */
export function trusted({ token }: LocalApi, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...more }
}
