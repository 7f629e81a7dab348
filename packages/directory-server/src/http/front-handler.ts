import type { IncomingMessage, RequestListener } from 'node:http'
import { ANSWER_HEADERS, JSON_TYPE } from './answer-headers.ts'

export interface FrontHandlerOptions {
  readonly answers: { get(url: string): string | undefined }
  /** Counts the request when its source may ask once more. */
  readonly isAdmitted: (request: IncomingMessage) => boolean
  /** Gives every other answer, and would give the same one to these requests. */
  readonly app: RequestListener
  /** Somebody reads a line for each request, and the app writes it. */
  readonly isEachLogged: () => boolean
  /** Counts the answers that were given here; the app counts its own. */
  readonly meter: { record(status: number, ms: number): void }
}

/** Stands before Express for the one call that is asked for all the time: the lookup of a name. */
export function frontHandler({ answers, isAdmitted, app, isEachLogged, meter }: FrontHandlerOptions): RequestListener {
  const head = [...[...ANSWER_HEADERS].flat(), 'Content-Type', JSON_TYPE, 'Content-Length']
  return (request, response) => {
    const started = performance.now()
    const isPlain = request.method === 'GET' && !isConditional(request.rawHeaders) && !isEachLogged()
    const body = isPlain ? read(answers, request.url ?? '') : undefined
    if (body === undefined || !isAdmitted(request)) {
      app(request, response)
      return
    }
    response.writeHead(200, [...head, String(body.length)])
    response.end(body, 'latin1')
    meter.record(200, performance.now() - started)
  }
}

/** What the app does with an error is done there, where it will come again. */
function read(answers: FrontHandlerOptions['answers'], url: string): string | undefined {
  try {
    return answers.get(url)
  } catch {
    return undefined
  }
}

/** RFC 9110 section 13: Express may answer If-None-Match with 304. `rawHeaders` has names and values in turn. */
function isConditional(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.charAt(2) === '-' && name.slice(0, 2).toLowerCase() === 'if') return true
  }
  return false
}
