import type { IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import { http } from '@parley/shared/node-http.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { isLoopback } from '#http/listen.ts'
import { loadTls, tlsFilesOf } from '#http/tls-files.ts'
import type { Settings } from '#settings/settings.ts'
import { inspectStore } from '#store/inspection.ts'
import { EXIT } from '../exit.ts'
import type { Check } from './check.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const PROBE_TIMEOUT_MS = 5_000

export function checkTls({ tlsCert, tlsKey, host, trustProxy, insecureHttp }: Settings, now: number): Check {
  const name = 'tls'
  const files = tlsFilesOf(tlsCert, tlsKey)
  if (files === undefined) {
    if (isLoopback(host)) return { name, state: 'good', says: 'none, and only this machine reaches it' }
    if (trustProxy.length > 0) return { name, state: 'good', says: 'none; the proxy in front encrypts' }
    const says = `none, and ${host} can be reached by other machines`
    const advice = 'give --tls-cert and --tls-key, or name the proxy that encrypts with --trust-proxy'
    return insecureHttp
      ? { name, state: 'doubtful', says, advice }
      : { name, state: 'bad', says, advice, exitCode: EXIT.usage }
  }
  const { names, expiresAt } = loadTls(files)
  const days = Math.floor((expiresAt - now) / DAY_MS)
  const says = `${names}, ${days < 0 ? 'expired' : 'expires'} ${new Date(expiresAt).toISOString()}`
  if (days >= 14) return { name, state: 'good', says }
  const advice = 'renew it, then: kill -HUP, or systemctl reload'
  return days < 0
    ? { name, state: 'bad', says, advice, exitCode: EXIT.unavailable }
    : { name, state: 'doubtful', says, advice }
}

/** Whether the port is free, or this directory is the one that answers there. */
export async function checkPort({ host, port, tlsCert, dataDir }: Settings): Promise<Check> {
  const name = 'port'
  if (port === 0) return { name, state: 'good', says: 'any free one' }
  const scheme = tlsCert === undefined ? 'http' : 'https'
  // An address that stands for every one of the machine is reached at its own.
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}/v1`
  let answer: string
  try {
    answer = await probe(url)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ECONNREFUSED') return { name, state: 'good', says: `${host} port ${port} is free` }
    return { name, state: 'bad', says: `${url}: ${code ?? String(error)}`, advice: IN_USE, exitCode: EXIT.unavailable }
  }
  const info = DirectoryInfo.safeParse(readJson(answer)).data
  const mine = inspectStore(dataDir)?.publicKey
  if (info === undefined || (mine !== undefined && info.directoryKey !== mine)) {
    const who = info === undefined ? 'another program' : 'another directory'
    return { name, state: 'bad', says: `${who} answers at ${url}`, advice: IN_USE, exitCode: EXIT.unavailable }
  }
  return { name, state: 'good', says: `this directory answers at ${url}` }
}

const IN_USE = 'stop it, or choose another with --port'

/** The certificate is not judged: who answers is known by its key, and whether it is valid is another check. */
async function probe(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
  const sent = url.startsWith('https:')
    ? requestTls(url, { signal, agent: false, rejectUnauthorized: false })
    : http.request(url, { signal, agent: false })
  sent.on('response', resolve).on('error', reject).end()
  return await text(await promise)
}

function readJson(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}
