import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { signIn } from '@parley/api-client/sign-in.ts'
import { MAX_SIGN_IN_CODES, SIGN_IN_CODE_TTL_MS } from '@parley/shared/limits.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startLocalApi } from '#api/local-api.ts'
import { SignInCodes } from '#api/sign-in-codes.ts'
import { ask, runApi, trusted } from '../support/running-api.ts'

test('a name that a stranger points at this machine is refused before anything else is looked at', async () => {
  await using world = await runApi()
  for (const host of [
    'evil.example',
    `evil.example:${world.port}`,
    '127.0.0.1',
    '127.0.0.1:1',
    `127.0.0.1.:${world.port}`,
  ]) {
    const headers = trusted(world.api, { host, origin: 'http://evil.example' })
    expect(await ask(world.port, { path: '/api/v1/status', headers })).toMatchObject({
      status: 403,
      body: { code: 'forbidden-host' },
    })
  }
})

test('each spelling of its own address is taken', async () => {
  await using world = await runApi()
  for (const name of ['127.0.0.1', '[::1]', 'localhost', 'LOCALHOST']) {
    const headers = trusted(world.api, { host: `${name}:${world.port}` })
    expect(await ask(world.port, { path: '/api/v1/status', headers })).toMatchObject({ status: 200 })
  }
})

test('a page of another site is refused, even with the token', async () => {
  await using world = await runApi()
  for (const origin of [
    'http://evil.example',
    'null',
    'http://localhost:1',
    `https://localhost:${world.port}`,
    'file://',
  ]) {
    const headers = trusted(world.api, { origin })
    const answer = await ask(world.port, { path: '/api/v1/status', headers })
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden-origin' } })
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
  }
})

test('a page may not even ask what it may do', async () => {
  await using world = await runApi()
  const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const answer = await ask(world.port, { method: 'OPTIONS', path: '/api/v1/messages', headers })
  expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden-origin' } })
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})

test('the daemon’s own pages are taken with the token', async () => {
  await using world = await runApi()
  const headers = trusted(world.api, { origin: `http://localhost:${world.port}` })
  expect(await ask(world.port, { path: '/api/v1/status', headers })).toMatchObject({ status: 200 })
})

test('without the right token every address answers the same', async () => {
  await using world = await runApi()
  const wrong = [
    undefined,
    'Bearer ',
    'Basic abc',
    `Bearer ${'A'.repeat(43)}`,
    `Bearer ${world.api.token}x`,
    world.api.token,
  ]
  for (const authorization of wrong) {
    for (const path of ['/api/v1/status', '/nothing/here', '/api/v1/messages/x', '/ws']) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await ask(world.port, { path, headers })
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorised' } })
      expect(answer.headers).toMatchObject({ 'www-authenticate': 'Bearer' })
    }
  }
  expect(await ask(world.port, { path: `/peers?token=${world.api.token}` })).toMatchObject({ status: 401 })
})

test('a form that a page sends without being asked about is refused before its body is read', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const body = JSON.stringify({ to: 'bob', text: 'not from me' })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const headers = { 'content-type': type }
    const refused = await ask(world.port, { method: 'POST', path: '/api/v1/messages', headers, body })
    expect(refused).toMatchObject({ status: 401 })
    const withToken = trusted(world.api, headers)
    expect(await ask(world.port, { method: 'POST', path: '/api/v1/messages', headers: withToken, body })).toMatchObject(
      {
        status: 415,
        body: { code: 'unsupported-media-type' },
      },
    )
  }
  expect(world.daemon.messages).toEqual([])
})

test('every answer forbids to be kept, framed, sniffed or run, and does not say what made it', async () => {
  await using world = await runApi()
  for (const headers of [{}, trusted(world.api)]) {
    const answer = await ask(world.port, { path: '/api/v1/status', headers })
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    for (const name of ['x-powered-by', 'set-cookie', 'server', 'etag']) expect(answer.headers).not.toHaveProperty(name)
  }
})

test('a WebSocket of another site, by another name or with a wrong token never opens', async () => {
  await using world = await runApi()
  const cases = [
    { headers: { host: 'evil.example' }, status: 403 },
    { headers: trusted(world.api, { host: `evil.example:${world.port}` }), status: 403 },
    { headers: trusted(world.api, { origin: 'http://evil.example' }), status: 403 },
    { headers: { origin: 'null' }, status: 403 },
    { headers: { authorization: `Bearer ${'A'.repeat(43)}` }, status: 401 },
  ]
  for (const path of ['/ws', '/api/v1/events']) {
    for (const { headers, status } of cases) expect(await upgradeStatus(world.port, path, headers)).toBe(status)
  }
  expect(await upgradeStatus(world.port, '/ws?token=x', trusted(world.api))).toBe(400)
  expect(world.daemon.calls.all).toEqual([])
})

function upgradeStatus(port: number, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  socket.on('open', () => {
    socket.terminate()
    reject(new Error('it opened'))
  })
  socket.on('error', () => {})
  socket.on('unexpected-response', (request, response) => {
    resolve(response.statusCode)
    request.destroy()
  })
  return promise
}

test('the code of a link is worth the token once, to a page of the daemon only', async () => {
  await using world = await runApi()
  const { url, expiresAt } = await world.client.signInLink()
  expect(url.startsWith(`${world.api.url}/#sign-in=`)).toBe(true)
  expect(expiresAt).toBeGreaterThan(0)
  const code = url.slice(url.indexOf('=') + 1)
  const asked = { method: 'POST', path: '/api/v1/sign-in', body: JSON.stringify({ code }) }
  const json = { 'content-type': 'application/json' }
  for (const headers of [
    { ...json, host: 'evil.example' },
    { ...json, origin: 'http://evil.example' },
    { 'content-type': 'text/plain' },
  ]) {
    const answer = await ask(world.port, { ...asked, headers })
    expect(JSON.stringify(answer.body)).not.toContain(world.api.token)
    expect(answer.status).toBeGreaterThanOrEqual(400)
  }
  await expect(signIn(world.api.url, 'A'.repeat(43))).rejects.toMatchObject({ code: 'sign-in-expired' })
  expect(await signIn(world.api.url, code)).toBe(world.api.token)
  await expect(signIn(world.api.url, code)).rejects.toMatchObject({ code: 'sign-in-expired' })
  expect(await ask(world.port, { method: 'POST', path: '/api/v1/sign-in-links' })).toMatchObject({ status: 401 })
})

test('links grow old, and only so many are good at a time', () => {
  let now = 0
  const codes = new SignInCodes(() => now)
  const issued = Array.from({ length: MAX_SIGN_IN_CODES + 1 }, () => codes.issue().code)
  expect(codes.redeem(issued[0] ?? '')).toBe(false)
  expect(codes.redeem(issued[1] ?? '')).toBe(true)
  now = SIGN_IN_CODE_TTL_MS
  expect(codes.redeem(issued[2] ?? '')).toBe(false)
})

test('whoever takes the port of a daemon that stopped learns no token, also not by passing on what the daemon shows elsewhere', async () => {
  await using world = await runApi()
  const events = world.client.events(AbortSignal.timeout(60_000))[Symbol.asyncIterator]()
  expect(await events.next()).toMatchObject({ value: { type: 'ready' } })
  await world.api.stop()
  await using elsewhere = await startLocalApi({
    daemon: world.daemon,
    port: 0,
    tokenFile: join(world.profile, API_TOKEN_FILE),
    log: pino({ level: 'silent' }),
  })
  const asked: (string | undefined)[] = []
  const taker = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(request.headers.authorization, path.split('?')[0])
    void fetch(`${elsewhere.url}${path}`).then(async (answer) => response.end(await answer.text()))
  })
  taker.on('upgrade', (request, socket) => {
    asked.push(request.url)
    socket.destroy()
  })
  taker.listen(world.port, '127.0.0.1')
  await once(taker, 'listening')
  try {
    await expect(events.next()).rejects.toMatchObject({ code: 'unauthorised' })
    await expect(world.client.status()).rejects.toMatchObject({ code: 'unauthorised' })
    expect(new Set(asked)).toEqual(new Set([undefined, '/api/v1/proof']))
  } finally {
    taker.closeAllConnections()
    await new Promise((resolve) => taker.close(resolve))
  }
})
