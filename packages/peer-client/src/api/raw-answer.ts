import type { Duplex } from 'node:stream'
import type { LocalProblem } from '@parley/shared/local-api/problem.ts'
import { http } from '@parley/shared/node-http.ts'
import { PROBLEM_TYPE } from './error-handler.ts'

/** A whole response on a bare socket, for requests that never reach the routes; then the end. */
export function answerRaw(stream: Duplex, problem: LocalProblem): void {
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
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
  ]
  stream.once('finish', () => stream.destroy())
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
