import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { ApiClient } from '@parley/api-client'
import { type Ask, askByFetch } from '@parley/api-client/ask.ts'
import { askByHttp } from '@parley/api-client/ask-by-http.ts'
import { provenText } from '@parley/shared/local-api/proof.ts'
import { describe, expect, test } from 'vitest'

interface Far extends AsyncDisposable {
  readonly url: string
  readonly client: ApiClient
}

/** Something at the other end that answers as a test wants. By default it knows the token, and shows it. */
async function farBy(ask: Ask, answer: RequestListener, known = 'secret'): Promise<Far> {
  const server = createServer((request, response) => {
    const [path, nonce] = (request.url ?? '').split('?nonce=')
    if (path !== '/api/v1/proof' || nonce === undefined) return answer(request, response)
    const text = provenText(request.headers.host ?? '', nonce)
    response.end(JSON.stringify({ proof: createHmac('sha256', known).update(text).digest('hex') }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    client: new ApiClient({ url, token: 'secret', ask }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const MESSAGE = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  account: 'x',
  with: 'bob',
  direction: 'out',
  kind: 'text',
  text: 'hi',
  sentAt: 1,
  storedAt: 1,
  lamport: 1,
  state: 'queued',
}

describe.each([
  ['fetch', askByFetch],
  ['node:http', askByHttp],
])('by %s', (_name, ask) => {
  const far = (answer: RequestListener, known?: string) => farBy(ask, answer, known)

  test('the token goes along as a header, the key too, and the body is JSON', async () => {
    const { promise: request, resolve } = Promise.withResolvers<unknown>()
    await using end = await far(({ method, url, headers }, response) => {
      resolve({ method, url, headers })
      response.writeHead(202, { location: `/api/v1/messages/${MESSAGE.id}` }).end(JSON.stringify(MESSAGE))
    })
    await end.client.send('bob', 'hi', { idempotencyKey: 'k' })
    expect(await request).toMatchObject({
      method: 'POST',
      url: '/api/v1/messages',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json', 'idempotency-key': 'k' },
    })
  })

  test('whatever stands in a name or an id stays inside its part of the path', async () => {
    const paths: (string | undefined)[] = []
    await using end = await far(({ url }, response) => {
      paths.push(url)
      const contact = { account: 'a', name: 'bob', isKeyChanged: false, verification: 'none' }
      response.end(JSON.stringify({ contact, messages: [] }))
    })
    await end.client.history('../../stop?x#y', { limit: 5, before: 'a&limit=9' })
    await end.client.history('bob')
    expect(paths).toEqual([
      '/api/v1/conversations/..%2F..%2Fstop%3Fx%23y/messages?limit=5&before=a%26limit%3D9',
      '/api/v1/conversations/bob/messages',
    ])
  })

  test.each([
    ['no JSON', 200, 'hello'],
    ['JSON of something else', 200, '{"hello":1}'],
    ['nothing', 204, ''],
    ['a refusal without a problem', 500, '<h1>no</h1>'],
    ['a problem with an unknown code', 418, '{"type":"x","title":"x","status":418,"code":"teapot"}'],
  ])('an answer of %s is an error of its own', async (_, status, body) => {
    await using end = await far((_request, response) => response.writeHead(status).end(body))
    await expect(end.client.status()).rejects.toMatchObject({ name: 'ApiError', code: 'bad-answer' })
  })

  test('a problem keeps its code, its sentence and its delay', async () => {
    await using end = await far((_request, response) => {
      response.writeHead(429, { 'retry-after': '2' })
      response.end('{"type":"x","title":"Too many","status":429,"code":"outbox-full","detail":"Bob is offline."}')
    })
    await expect(end.client.send('bob', 'hi')).rejects.toMatchObject({
      code: 'outbox-full',
      message: 'Bob is offline.',
      retryAfterMs: 2000,
    })
  })

  test('the token is not carried to where an answer points', async () => {
    let asked = 0
    await using elsewhere = await far((_request, response) => {
      asked += 1
      response.end('{}')
    })
    await using end = await far((_request, response) => response.writeHead(307, { location: elsewhere.url }).end())
    await expect(end.client.status()).rejects.toMatchObject({ code: 'no-connection' })
    expect(asked).toBe(0)
  })

  test('a line that breaks before or inside the answer is no connection', async () => {
    await using before = await far((request) => request.destroy())
    await expect(before.client.status()).rejects.toMatchObject({ code: 'no-connection' })
    await using inside = await far((request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"version":', () => request.destroy())
    })
    await expect(inside.client.status()).rejects.toMatchObject({ code: 'no-connection' })
  })

  test('who gives up gets the reason that was given', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    await using end = await far(() => resolve())
    const reason = new Error('enough')
    const abort = new AbortController()
    const answer = end.client.status({ signal: abort.signal })
    await asked
    abort.abort(reason)
    await expect(answer).rejects.toBe(reason)
  })

  test('a long wait is made of requests of at most a minute', async () => {
    const paths: (string | undefined)[] = []
    await using end = await far(({ url }, response) => {
      paths.push(url)
      response.end(JSON.stringify(paths.length < 3 ? MESSAGE : { ...MESSAGE, state: 'delivered' }))
    })
    expect(await end.client.waitFor(MESSAGE.id, 'delivered', { timeoutMs: 600_000 })).toMatchObject({
      state: 'delivered',
    })
    const path = `/api/v1/messages/${MESSAGE.id}?wait=delivered&timeoutMs=60000`
    expect(paths).toEqual([path, path, path])
  })

  test('the token is told to nobody who does not show that he knows it: not in a request, and not to a line for events', async () => {
    const asked: unknown[] = []
    await using other = await far(({ url, headers }, response) => {
      asked.push([url, headers.authorization])
      response.end('{}')
    }, 'another token')
    await expect(other.client.status()).rejects.toMatchObject({ code: 'unauthorised' })
    await expect(other.client.send('bob', 'hi')).rejects.toMatchObject({ code: 'unauthorised' })
    const events = other.client.events(new AbortController().signal)[Symbol.asyncIterator]()
    await expect(events.next()).rejects.toMatchObject({ code: 'unauthorised' })
    expect(asked).toEqual([])
  })

  test('a signal ends the wait for somebody who shows nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const client = new ApiClient({ url: `http://127.0.0.1:${address.port}`, token: 'secret', ask })
    const end = new AbortController()
    const asking = client.status({ signal: end.signal })
    end.abort(new Error('enough'))
    await expect(asking).rejects.toThrow('enough')
    silent.closeAllConnections()
    await new Promise((resolve) => silent.close(resolve))
  })
})
