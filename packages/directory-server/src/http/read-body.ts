import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import type { z } from 'zod'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import { HttpError } from './http-error.ts'

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i

type BodyLimits = Pick<DirectoryLimits, 'MAX_BODY_BYTES' | 'MAX_DROPPED_BODY_BYTES' | 'MAX_JSON_DEPTH'>

/** Reads a body by its schema, within `maxBytes` or else MAX_BODY_BYTES. Rejects with HttpError. */
export type ReadJsonBody = <S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
  maxBytes?: number,
) => Promise<z.infer<S>>

export function jsonBodyReader(limits: BodyLimits): ReadJsonBody {
  return async (request, schema, maxBytes = limits.MAX_BODY_BYTES) => {
    requireJson(request)
    const bytes = await readBytes(request, maxBytes, limits.MAX_DROPPED_BODY_BYTES)
    const body = schema.safeParse(parseJson(bytes, limits.MAX_JSON_DEPTH))
    if (body.success) return body.data
    const issue = body.error.issues[0]
    const where = issue?.path.join('.')
    throw new HttpError('bad-json', `${where ? `${where}: ` : ''}${issue?.message}`, { cause: body.error })
  }
}

function requireJson(request: IncomingMessage): void {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new HttpError('unsupported-media-type', 'send the body with content-type: application/json')
  }
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpError('unsupported-media-type', 'send the body without content-encoding')
  }
}

function parseJson(bytes: Buffer, maxDepth: number): unknown {
  if (!isUtf8(bytes)) throw new HttpError('bad-json', 'the body is not UTF-8')
  try {
    return parseStrictJson(bytes.toString('utf8'), maxDepth)
  } catch (error) {
    if (error instanceof JsonError) throw new HttpError('bad-json', error.message, { cause: error })
    throw error
  }
}

/**
 * Of a body that is too large a bounded rest is read and dropped: who is still writing when the connection closes never sees
 * the answer. Beyond that the connection ends at once.
 */
function readBytes(request: IncomingMessage, maxBytes: number, maxDroppedBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const hopelessBytes = maxBytes + maxDroppedBytes
  if (Number(request.headers['content-length'] ?? 0) > hopelessBytes) {
    reject(tooLarge(maxBytes))
    return promise
  }
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
    else chunks.length = 0
    if (size <= hopelessBytes) return
    request.pause()
    reject(tooLarge(maxBytes))
  })
  request.on('end', () => {
    if (size <= maxBytes) resolve(Buffer.concat(chunks))
    else reject(tooLarge(maxBytes))
  })
  request.on('error', (cause) => reject(new HttpError('bad-request', 'the body ended early', { cause })))
  request.on('close', () => {
    // It closes after every request, and an error that nobody sees costs a stack trace.
    if (!request.complete) reject(new HttpError('bad-request', 'the body ended early'))
  })
  return promise
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError('body-too-large', `at most ${maxBytes} bytes`, { headers: { Connection: 'close' } })
}
