import type { Duplex } from 'node:stream'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import { http } from '@parley/shared/node-http.ts'
import { PROBLEM_TYPE } from './problems.ts'

/** How soon somebody may come back who was sent away for want of room. */
export const RETRY_AFTER_SECONDS = 5

const MAY_RETRY: ReadonlySet<Problem['code']> = new Set(['rate-limited', 'unavailable'])

/** A whole response on a bare socket, for requests that never reach the routes; then the end. */
export function answerRaw(stream: Duplex, problem: Problem): void {
  if (!stream.writable) {
    stream.destroy()
    return
  }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${http.STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    'X-Content-Type-Options: nosniff',
    ...(MAY_RETRY.has(problem.code) ? [`Retry-After: ${RETRY_AFTER_SECONDS}`] : []),
  ]
  stream.once('finish', () => stream.destroy())
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
