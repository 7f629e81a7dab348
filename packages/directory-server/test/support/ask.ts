import { once } from 'node:events'
import { type Agent, type IncomingMessage, request } from 'node:http'

export interface Question {
  readonly method?: string
  readonly path: string
  /** The address to come from; on Linux all of 127.0.0.0/8 is this machine. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Whose connections it takes; without one it has a connection of its own. */
  readonly agent?: Agent
}

export interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** One request, at half of what `fetch` costs. Rejects when the connection ends without an answer. */
export async function ask(
  url: string,
  { method = 'GET', path, from, headers, body, agent }: Question,
): Promise<Answered> {
  const sent = request(`${url}${path}`, {
    method,
    agent: agent ?? false,
    ...(from !== undefined && { localAddress: from }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [response]: IncomingMessage[] = await once(sent, 'response')
  const text = Buffer.concat((await response?.toArray()) ?? []).toString()
  return {
    status: response?.statusCode,
    headers: response?.headers ?? {},
    body: text === '' ? undefined : JSON.parse(text),
  }
}
