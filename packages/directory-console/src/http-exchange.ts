import { DIRECTORY_TIMEOUT_MS, MAX_DIRECTORY_ANSWER_BYTES } from '@parley/shared/limits.ts'
import { http } from '@parley/shared/node-http.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { ConsoleError } from '#console-error.ts'

export interface Request {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly body?: object
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined
}

/** An answer as it came. */
export interface Answer {
  readonly request: Request
  readonly status: number
  readonly statusText: string
  /** Names and values in turn, as they were sent. */
  readonly headers: readonly string[]
  readonly text: string
  readonly ms: number
}

/** One request on a connection of its own; not `fetch`, which refuses ports. Rejects with ConsoleError `unreachable`. */
export async function exchange(url: string, request: Request, stop: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(DIRECTORY_TIMEOUT_MS)
  try {
    return await send(url, request, AbortSignal.any([stop, timeout]))
  } catch (error) {
    stop.throwIfAborted()
    if (error instanceof ConsoleError) throw error
    const why = timeout.aborted ? `nothing came for ${DIRECTORY_TIMEOUT_MS / 1000} s` : reasonOf(error)
    throw new ConsoleError('unreachable', `No answer from ${url}: ${why}. Is the directory running there?`, {
      cause: error,
    })
  }
}

function send(url: string, request: Request, signal: AbortSignal): Promise<Answer> {
  const { method, path, body, token } = request
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const started = performance.now()
  const sent = http.request(new URL(path, url), { method, headers, signal, agent: false }, (response) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= MAX_DIRECTORY_ANSWER_BYTES) return
      reject(new ConsoleError('not-a-directory', `The answer is longer than ${MAX_DIRECTORY_ANSWER_BYTES} bytes.`))
      sent.destroy()
    })
    response.on('error', reject)
    response.on('end', () =>
      resolve({
        request,
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        headers: response.rawHeaders,
        text: Buffer.concat(chunks).toString('utf8'),
        ms: performance.now() - started,
      }),
    )
  })
  sent.on('error', reject)
  sent.end(text)
  return promise
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['ECONNRESET', 'the connection broke'],
  ['ENOTFOUND', 'the host is not known'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['ENETUNREACH', 'the network cannot be reached'],
])

export function reasonOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code !== undefined) return REASONS.get(code) ?? code
  return error instanceof Error ? error.message : String(error)
}
