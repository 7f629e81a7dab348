import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  KEEP_ALIVE_TIMEOUT_MS,
  LOCAL_AUTH_TIMEOUT_MS,
  LOCAL_CLOSE_TIMEOUT_MS,
  MAX_HEADER_BYTES,
  MAX_LOCAL_CONNECTIONS,
  REQUEST_HEADERS_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  STOP_TIMEOUT_MS,
} from '@parley/shared/limits.ts'
import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import type { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { http } from '@parley/shared/node-http.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Logger } from 'pino'
import { proofOf, readOrMakeToken } from './access-token.ts'
import type { ApiParts } from './api-parts.ts'
import { createApp, createSetUpApp } from './app.ts'
import type { ClientSocketTimeouts } from './client-socket.ts'
import type { Daemon } from './daemon.ts'
import { Gate } from './gate.ts'
import { problem } from './problems.ts'
import { answerRaw } from './raw-answer.ts'
import { linkFor } from './routes/sign-in.ts'
import type { SettingUp } from './set-up.ts'
import { SignInCodes } from './sign-in-codes.ts'
import { acceptUpgrades, isSocketUpgrade } from './upgrade.ts'

export interface LocalApiTimeouts extends ClientSocketTimeouts {
  /** Requests under way get this long when the API stops. */
  readonly stopMs: number
}

export interface LocalApiOptions {
  readonly daemon: Daemon
  /** Never anything that other machines reach. */
  readonly host?: '127.0.0.1' | '::1'
  /** 0 takes any free one. */
  readonly port: number
  /** Made when it is not there. */
  readonly tokenFile: string
  readonly log: Logger
  readonly timeouts?: Partial<LocalApiTimeouts>
}

export interface LocalApi extends AsyncDisposable {
  readonly url: string
  readonly token: ApiToken
  /** Opens the web app signed in, once. */
  signInLink(): SignInLink
  /** Answers whoever waits with what there is, finishes what is under way, closes every connection. Twice is safe. */
  stop(): Promise<void>
}

/** Where the API is when nothing else was asked for: 100 above the port for peers, and any free one when that was free too. */
export function defaultApiPort(peerPort: number): number {
  return peerPort === 0 || peerPort + 100 > 65_535 ? 0 : peerPort + 100
}

const TIMEOUTS: LocalApiTimeouts = {
  authMs: LOCAL_AUTH_TIMEOUT_MS,
  closeMs: LOCAL_CLOSE_TIMEOUT_MS,
  stopMs: STOP_TIMEOUT_MS,
}

/** Rejects with ProfileError when the token cannot be used, or with the error of the system when the port cannot. */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const { daemon, tokenFile } = options
  const token = await readOrMakeToken(tokenFile)
  return serveLocally(options, token, (server, common, gate, timeouts) => {
    const parts = { ...common, daemon }
    server.on('request', createApp(parts, gate))
    return acceptUpgrades(server, parts, gate, timeouts)
  })
}

/** The same address before there is a profile, for the page that makes one; `token` is to be that of the profile. */
export function startSetUpApi(
  options: Pick<LocalApiOptions, 'port' | 'log'> & { readonly settingUp: SettingUp; readonly token: ApiToken },
): Promise<LocalApi> {
  const { settingUp, token } = options
  return serveLocally(options, token, (server, parts, gate) => {
    server.on('request', createSetUpApp({ ...parts, settingUp }, gate))
    return () => Promise.resolve()
  })
}

type Serve = (
  server: Server,
  parts: Omit<ApiParts, 'daemon'>,
  gate: () => Gate,
  timeouts: LocalApiTimeouts,
) => () => Promise<void>

/** `serve` returns how what is open beside requests ends. */
async function serveLocally(
  options: Pick<LocalApiOptions, 'host' | 'port' | 'log' | 'timeouts'>,
  token: ApiToken,
  serve: Serve,
): Promise<LocalApi> {
  const { host = '127.0.0.1', port, log } = options
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const stopping = new AbortController()
  const codes = new SignInCodes()
  let url = ''
  const signInLink = () => linkFor(url, codes.issue())
  const prove = (nonce: string) => proofOf(token, new URL(url).host, nonce)
  let gate = new Gate(port, token)

  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    shouldUpgradeCallback: isSocketUpgrade,
  })
  server.maxConnections = MAX_LOCAL_CONNECTIONS
  server.on('clientError', refuse)
  const endOthers = serve(
    server,
    { token, codes, prove, signInLink, stopping: stopping.signal, log },
    () => gate,
    timeouts,
  )
  const actualPort = await listen(server, host, port)
  // A connection that could not be accepted, for want of file descriptors for instance, is one connection.
  server.on('error', (error) => log.warn({ err: error }, 'a connection could not be accepted'))
  // Nothing is accepted before this turn of the event loop is over.
  gate = new Gate(actualPort, token)
  url = `http://${host === '::1' ? '[::1]' : host}:${actualPort}`
  log.info({ url }, 'local API started')

  const shutDown = async () => {
    stopping.abort()
    await Promise.all([endOthers(), closeServer(server, timeouts.stopMs)])
    log.info('local API stopped')
  }
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= shutDown()
    return stopped
  }
  return { url, token, signInLink, stop, [Symbol.asyncDispose]: stop }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

const SWEEP_MS = 50

/** Stops accepting and waits for requests under way, at most so long. */
async function closeServer(server: Server, timeoutMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection that is kept alive counts as idle only after its last answer has left.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs)
  try {
    await closed
  } finally {
    clearInterval(sweep)
    clearTimeout(deadline)
  }
}

function refuse(error: Error, stream: Duplex): void {
  const code = systemErrorCode(error)
  if (code === 'ECONNRESET') stream.destroy()
  else if (code === 'HPE_HEADER_OVERFLOW') answerRaw(stream, problem('too-large', 'a header is at most 8 KiB'))
  else answerRaw(stream, problem('bad-request', 'this is not HTTP/1.1, or it did not arrive in time'))
}
