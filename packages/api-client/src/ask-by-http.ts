import type { IncomingMessage } from 'node:http'
import { http } from '@parley/shared/node-http.ts'
import type { Ask, BodyReader } from './ask.ts'

/** No answer of a daemon, and no pause in one, takes this long. */
const MAX_SILENCE_MS = 300_000

/**
 * For programs of Node's: a request on a connection of its own. Loading what `fetch` is made of takes as long as all the rest of a
 * short command, and it refuses ports that a daemon may well use.
 */
export const askByHttp: Ask = async (url, { body, ...request }) => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = http.request(url, { ...request, agent: false, timeout: MAX_SILENCE_MS }, resolve)
  sent.on('error', reject)
  sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${MAX_SILENCE_MS / 1000} s`)))
  sent.end(body)

  const answer = await promise
  const { statusCode: status = 0, headers } = answer
  if (status >= 300 && status < 400) {
    answer.destroy()
    throw new Error(`the answer points elsewhere (status ${status}), which is not followed`)
  }
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers[name.toLowerCase()]?.toString() ?? null },
    text: () => textOf(answer),
    body: { getReader: () => readerOf(answer) },
  }
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function readerOf(answer: IncomingMessage): BodyReader {
  const chunks: AsyncIterator<Buffer, undefined> = answer[Symbol.asyncIterator]()
  return {
    read: () => chunks.next(),
    cancel: () => {
      answer.destroy()
      return Promise.resolve()
    },
  }
}
