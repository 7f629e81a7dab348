import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { DirectoryInfo } from '@parley/shared/directory-api/users.ts'
import { Name } from '@parley/shared/ids.ts'
import { Jws } from '@parley/shared/signed/jws.ts'
import { z } from 'zod'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_CHARS = 1024 * 1024
/** Names that are given back at once. */
const MAX_PARALLEL = 8

const Deposit = z.object({ name: Name, retirement: Jws })
type Deposit = z.infer<typeof Deposit>

/** Why the directory there cannot be tested, in a sentence that says what to do; undefined when it can. */
export async function whyUntestable(url: string, hasToken: boolean): Promise<string | undefined> {
  const features = await featuresAt(url)
  const start = 'Start one with "pnpm start:directory", or add --start-server.'
  if (features === 'nobody-answers') return `No directory answers at ${url}. ${start}`
  if (features === 'not-a-directory') return `What answers at ${url} is no directory. ${start}`
  if (features.includes('registration-token') && !hasToken) {
    return `The directory at ${url} gives new names only with its registration token: set PARLEY_REGISTRATION_TOKEN.`
  }
  const closed = ['read-only', 'allow-list'].find((feature) => features.includes(feature))
  return closed && `The directory at ${url} gives no new names to the tests (${closed}). Test one without that.`
}

async function featuresAt(url: string): Promise<readonly string[] | 'nobody-answers' | 'not-a-directory'> {
  try {
    const { status, text } = await request(url, 'GET', '/v1')
    const info = DirectoryInfo.safeParse(JSON.parse(text))
    return status === 200 && info.success ? info.data.features : 'not-a-directory'
  } catch (error) {
    return error instanceof SyntaxError ? 'not-a-directory' : 'nobody-answers'
  }
}

/**
 * Retires every name whose signed retirement lies in the folder; the suite puts it there before it registers the name. Resolves with
 * the names that are still held, or of which nobody can tell.
 */
export async function retireGuests(url: string, folder: string): Promise<string[]> {
  const deposits = readdirSync(folder).flatMap((file) => readDeposit(join(folder, file)))
  await inParallel(deposits, async ({ name, retirement }) => {
    // It may be gone already, or held under a later key, of which another deposit knows.
    await request(url, 'DELETE', `/v1/users/${name}`, JSON.stringify({ retirement })).catch(() => undefined)
  })
  const held: string[] = []
  await inParallel([...new Set(deposits.map(({ name }) => name))], async (name) => {
    const answer = await request(url, 'GET', `/v1/users/${name}`).catch(() => undefined)
    if (answer?.status !== 404) held.push(name)
  })
  return held
}

/** Nothing when the suite was cut off while it wrote: then the name was not registered. */
function readDeposit(path: string): Deposit[] {
  try {
    return [Deposit.parse(JSON.parse(readFileSync(path, 'utf8')))]
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const next = items.values()
  const worker = async () => {
    for (const item of next) await work(item)
  }
  await Promise.all(Array.from({ length: MAX_PARALLEL }, worker))
}

/** Not `fetch`, which refuses ports that a directory may well use. */
function request(url: string, method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    // Of a DELETE with a body Node does not tell the length by itself.
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const sent = http.request(new URL(path, url), { method, headers, signal, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
        if (text.length > MAX_ANSWER_CHARS) sent.destroy(new SyntaxError('the answer is too long'))
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
