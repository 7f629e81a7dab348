import { type EventEmitter, once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { MAX_BODY_BYTES, MAX_DROPPED_BODY_BYTES, MAX_PREKEY_BODY_BYTES } from '@parley/shared/limits.ts'
import supertest from 'supertest'
import { describe, expect, test } from 'vitest'
import { refusal, shareDirectory, TestDirectory } from './support/test-directory.ts'

interface Raw {
  readonly status: number
  readonly body: { code?: string; detail?: string }
  readonly headers: Headers
}

/** A PUT of any bytes, with the header fields as given. */
async function put(
  directory: TestDirectory,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Raw> {
  const response = await fetch(`${directory.url}/v1/users/alice`, { method: 'PUT', body, headers })
  return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers }
}
const JSON_TYPE = { 'content-type': 'application/json' }

async function open(directory: TestDirectory): Promise<Socket> {
  const { hostname, port } = new URL(directory.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

/** All that comes until the server ends the connection. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await ended(socket)
  return Buffer.concat(chunks).toString()
}

/** A reset is as good an end as any. */
function ended(connection: EventEmitter): Promise<void> {
  connection.on('error', () => {})
  return new Promise((resolve) => connection.once('close', resolve))
}

const shared = shareDirectory()

describe('a body', () => {
  test.each([
    ['is not JSON', 'hello'],
    ['is empty', ''],
    ['is cut off', '{"record":'],
    ['is another value', '[]'],
    ['is null', 'null'],
    ['lacks its field', '{}'],
    ['has a field too many', '{"record":"a.b.c","admin":true}'],
    ['has a field of another type', '{"record":{"a":1}}'],
    ['has a key twice', '{"record":"a.b.c","record":"a.b.c"}'],
    ['reaches for the prototype', '{"record":"a.b.c","__proto__":{"admin":true}}'],
    ['reaches for the constructor', '{"constructor":{"prototype":{}},"record":"a.b.c"}'],
    ['is nested deeper than 16', `${'['.repeat(17)}${']'.repeat(17)}`],
    ['is nested 8,000 deep', `${'{"a":'.repeat(1_600)}1${'}'.repeat(1_600)}`],
    ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['begins with a byte order mark', '\ufeff{"record":"a.b.c"}'],
  ])('that %s is refused', async (_, body) => {
    const directory = shared()

    expect(await put(directory, body)).toMatchObject(refusal(400, 'bad-json'))
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
    'application/problem+json',
  ])('of the type %s is refused', async (type) => {
    const directory = shared()

    expect(await put(directory, '{"record":"a.b.c"}', { 'content-type': type })).toMatchObject(
      refusal(415, 'unsupported-media-type'),
    )
  })

  test('that is compressed is refused, so there is no bomb to open', async () => {
    const directory = shared()

    expect(
      await put(directory, Buffer.from('1f8b08', 'hex'), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    ).toMatchObject(refusal(415, 'unsupported-media-type'))
  })

  test('that is a little too large is refused with an answer that its sender can read', async () => {
    const directory = shared()
    const just = `{"record":"${'a'.repeat(MAX_BODY_BYTES - 13)}"}`
    const tooMuch = `{"record":"${'a'.repeat(MAX_BODY_BYTES - 12)}"}`

    expect(just).toHaveLength(MAX_BODY_BYTES)
    expect(await put(directory, just)).toMatchObject(refusal(400, 'bad-json'))
    expect(await put(directory, tooMuch)).toMatchObject(refusal(413, 'body-too-large'))
    expect(await put(directory, 'x'.repeat(MAX_DROPPED_BODY_BYTES))).toMatchObject(refusal(413, 'body-too-large'))
  })

  test('of prekeys may be larger, and no other', async () => {
    const directory = shared()
    const alice = await directory.register('alice')
    const path = `/v1/users/alice/devices/${alice.device.id}/prekeys`
    const body = { upload: 'a.b.c', prekeys: 'x'.repeat(MAX_PREKEY_BODY_BYTES) }

    expect(await directory.put(path, { ...body, prekeys: 'x'.repeat(MAX_BODY_BYTES) })).toMatchObject(
      refusal(400, 'malformed'),
    )
    expect(await directory.put(path, body)).toMatchObject(refusal(413, 'body-too-large'))
    expect(await directory.post(`${path}/claim`, body)).toMatchObject(refusal(413, 'body-too-large'))
  })

  test('that announces 4 GiB is refused before it is read', async () => {
    const directory = shared()
    const socket = await open(directory)
    socket.write(
      `PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${2 ** 32}\r\n\r\n{`,
    )

    expect(await readAll(socket)).toContain('"code":"body-too-large"')
  })

  test('that never ends is cut off after a bounded rest', async () => {
    const directory = shared()
    const { hostname, port } = new URL(directory.url)
    const request = httpRequest({ hostname, port, method: 'PUT', path: '/v1/users/alice', headers: JSON_TYPE })
    const chunk = Buffer.alloc(64 * 1024, 0x20)
    let sent = 0
    const write = () => {
      while (!request.destroyed && request.write(chunk)) sent += chunk.length
      sent += chunk.length
    }
    request.on('drain', write)
    write()

    await ended(request)
    // What the kernel buffers on the way is not the directory's doing.
    expect(sent).toBeLessThan(32 * MAX_DROPPED_BODY_BYTES)
    expect((await directory.get('/healthz')).status).toBe(200)
  })

  test('whose sender leaves in the middle harms nobody', async () => {
    const directory = shared()
    const socket = await open(directory)
    socket.write(
      'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    )
    socket.destroy()

    expect((await directory.get('/healthz')).status).toBe(200)
  })
})

describe('a request', () => {
  test('with more than 8 KiB of header is refused', async () => {
    const directory = shared()
    const socket = await open(directory)
    socket.write(`GET /v1 HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(9_000)}\r\n\r\n`)

    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"bad-request"/)
  })

  test('that is not HTTP is refused', async () => {
    const directory = shared()
    const socket = await open(directory)
    socket.write('\x16\x03\x01 hello\r\n\r\n')

    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/)
  })

  test('whose header or body is too slow is cut off', async () => {
    await using directory = await TestDirectory.start({
      limit: { REQUEST_HEADERS_TIMEOUT_MS: 100, REQUEST_TIMEOUT_MS: 200 },
    })
    const silent = await open(directory)
    const slowHeader = await open(directory)
    const slowBody = await open(directory)
    slowHeader.write('GET /v1 HTTP/1.1\r\nHost: x\r\n')
    slowBody.write(
      'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    )

    const answers = await Promise.all([silent, slowHeader, slowBody].map(readAll))

    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('for what does not exist is told so', async () => {
    const directory = shared()

    for (const path of [
      '/',
      '/v2',
      '/v1/',
      '/V1',
      '/v1/users/',
      '/v1/users/alice/',
      '/v1/users/alice/devices',
      '/admin',
    ]) {
      expect(await directory.get(path)).toMatchObject(refusal(404, 'not-found'))
    }
    expect(await directory.get('/v1/users/%ff')).toMatchObject(refusal(400, 'bad-request'))
  })

  test.each([
    ['post', '/v1', 'GET, HEAD'],
    ['delete', '/v1/users', 'GET, HEAD'],
    ['post', '/v1/users/alice', 'GET, HEAD, PUT, DELETE'],
    ['options', '/v1/users/alice', 'GET, HEAD, PUT, DELETE'],
    ['get', `/v1/users/alice/devices/${'A'.repeat(43)}`, 'PUT'],
    ['delete', `/v1/users/alice/devices/${'A'.repeat(43)}/prekeys`, 'GET, HEAD, PUT'],
    ['get', `/v1/users/alice/devices/${'A'.repeat(43)}/prekeys/claim`, 'POST'],
    ['post', '/v1/presence', 'GET'],
    ['put', '/healthz', 'GET, HEAD'],
    ['put', '/readyz', 'GET, HEAD'],
  ] as const)('with the method %s is told what %s takes', async (method, path, allow) => {
    const directory = shared()
    const response = await supertest(directory.url)[method](path)

    expect(response.status).toBe(405)
    expect(response.headers['allow']).toBe(allow)
    expect(response.body).toMatchObject({ code: 'method-not-allowed' })
  })

  test('that fails inside the directory learns nothing of why', async () => {
    let isBroken = false
    await using directory = await TestDirectory.start({
      now: () => {
        if (isBroken) throw new Error('the clock is broken')
        return Date.now()
      },
    })
    const record = await directory.person('alice').record()
    isBroken = true
    const answer = await directory.put('/v1/users/alice', { record })

    expect(answer).toMatchObject(refusal(500, 'internal'))
    expect(JSON.stringify(answer.body)).not.toContain('clock')
  })
})

test('every answer carries the headers that keep browsers harmless, and none that open it to pages', async () => {
  const directory = shared()
  for (const path of ['/v1', '/v1/users', '/healthz', '/nothing', '/v1/users/Alice']) {
    const { headers, ok } = await supertest(directory.url).get(path).set('origin', 'https://evil.example')

    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-type': expect.stringMatching(ok ? /^application\/json/ : /^application\/problem\+json/),
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
  }
})
