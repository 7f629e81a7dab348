import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { createOpenApi } from '#api/openapi/document.ts'
import { ask, type RunningApi, runApi, trusted } from '../support/running-api.ts'

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, object> }> }>>
}

const document: Document = JSON.parse(createOpenApi('1.2.3'))
const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'doc', ...document })

/** Paths in the spelling of the document; what serves pages and sockets is no call. */
function routesInSource(): string[] {
  const routes = fileURLToPath(new URL('../../src/api/routes', import.meta.url))
  const sources = globSync('*.ts', { cwd: routes }).map((name) => readFileSync(`${routes}/${name}`, 'utf8'))
  return sources.flatMap((source) =>
    [...source.matchAll(/\.route\(\s*'([^']+)'/g)].map(([, path = '']) => path.replaceAll(/:([a-z]+)/g, '{$1}')),
  )
}

/** Asks as any program would, and throws unless the answer is one that the document promises for the call. */
async function call(
  world: RunningApi,
  method: string,
  path: string,
  { at = path, body }: { at?: string; body?: object } = {},
) {
  const headers = trusted(world.api, body === undefined ? {} : { 'content-type': 'application/json' })
  const answer = await fetch(`${world.api.url}${at}`, {
    method: method.toUpperCase(),
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const promised = document.paths[path]?.[method]?.responses[String(answer.status)]
  if (promised === undefined) throw new Error(`${method} ${path} has no ${answer.status} in the document: ${text}`)
  if (promised.content === undefined) {
    expect(text).toBe('')
    return answer.status
  }
  const [mediaType = ''] = (answer.headers.get('content-type') ?? '').split(';')
  expect([path, Object.keys(promised.content)]).toEqual([path, expect.arrayContaining([mediaType])])
  const pointer = ['paths', path, method, 'responses', String(answer.status), 'content', mediaType, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/')
  const values = mediaType.includes('ndjson')
    ? text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [mediaType === 'text/plain' ? text : JSON.parse(text)]
  for (const value of values) {
    const isValid = ajv.validate(`doc#/${pointer}`, value)
    expect([method, path, isValid ? [] : ajv.errors]).toEqual([method, path, []])
  }
  return answer.status
}

describe('the document of the local API', () => {
  test('is served without the token, as OpenAPI 3.1', async () => {
    await using world = await runApi()
    const { status, body } = await ask(world.port, {
      path: '/api/v1/openapi.json',
      headers: { host: `127.0.0.1:${world.port}` },
    })
    expect({ status, body }).toMatchObject({ status: 200, body: { openapi: '3.1.0' } })
    expect(await ask(world.port, { path: '/api/v1/openapi.json', headers: { host: 'evil.example' } })).toMatchObject({
      status: 403,
    })
  })

  test('has every route of the source, and no other', () => {
    // What makes a profile is there only as long as there is none.
    const isCall = (path: string) => path !== '/api/v1/openapi.json' && !path.startsWith('/api/v1/set-up')
    const routes = routesInSource().filter(isCall)
    expect(routes.length).toBeGreaterThan(40)
    expect(routes.toSorted()).toEqual(Object.keys(document.paths).toSorted())
  })

  test('has the methods that the daemon takes, and no other', async () => {
    await using world = await runApi()
    for (const [path, methods] of Object.entries(document.paths)) {
      const { status, headers } = await ask(world.port, {
        method: 'PROPFIND',
        path: path.replaceAll(/\{\w+\}/g, 'bob'),
        headers: trusted(world.api),
      })
      const taken = String(headers['allow'])
        .split(', ')
        .filter((method) => method !== 'HEAD')
      const known = Object.keys(methods).map((method) => method.toUpperCase())
      expect({ path, status, taken: taken.toSorted() }).toEqual({ path, status: 405, taken: known.toSorted() })
    }
  })

  test('says what the daemon answers, and how it refuses', async () => {
    await using world = await runApi()
    const { daemon } = world
    const link = {
      state: 'connected',
      since: 1,
      address: '127.0.0.1:8001',
      path: 'direct',
      receivedBytes: 5,
      sentBytes: 6,
    } as const
    daemon.know('bob', link)
    daemon.know('mallory', { state: 'idle' }, { isKeyChanged: true })
    daemon.receive('bob', 'hello')
    const { id } = await world.client.send('bob', 'one')
    daemon.whys.set(id, { message: await world.client.message(id), summary: 's', next: 'n', devices: [], attempts: [] })
    const message = '/api/v1/messages/{id}'
    const one = `/api/v1/messages/${id}`
    const contact = '/api/v1/contacts/{who}'

    for (const path of [
      'status',
      'settings',
      'peers',
      'conversations',
      'contacts',
      'cursors',
      'account/profile',
      'export',
    ])
      expect([path, await call(world, 'get', `/api/v1/${path}`)]).toEqual([path, 200])
    for (const path of ['/peers', '/metrics']) expect([path, await call(world, 'get', path)]).toEqual([path, 200])
    const queries = { search: '?q=one', find: '?q=bo', received: '?after=0', events: '?after=0.0' }
    for (const [name, query] of Object.entries(queries)) {
      expect(await call(world, 'get', `/api/v1/${name}`, { at: `/api/v1/${name}${query}` })).toBe(200)
      expect(await call(world, 'get', `/api/v1/${name}`, { at: `/api/v1/${name}?what` })).toBe(400)
    }
    expect(await call(world, 'post', '/api/v1/messages', { body: { to: 'bob', text: 'two' } })).toBe(201)
    expect(await call(world, 'post', '/api/v1/messages', { body: { to: 'nobody', text: 'two' } })).toBe(404)
    expect(await call(world, 'post', '/api/v1/messages/batch', { body: { to: 'bob', texts: ['a', 'b'] } })).toBe(201)
    expect(await call(world, 'post', '/send', { body: { msg: 'all' } })).toBe(201)
    expect(await call(world, 'get', message, { at: one })).toBe(200)
    expect(await call(world, 'get', message, { at: '/api/v1/messages/nothing' })).toBe(404)
    expect(await call(world, 'get', `${message}/why`, { at: `${one}/why` })).toBe(200)
    expect(await call(world, 'post', `${message}/edit`, { at: `${one}/edit`, body: { text: 'three' } })).toBe(200)
    expect(await call(world, 'post', `${message}/react`, { at: `${one}/react`, body: { emoji: '👍' } })).toBe(200)
    expect(await call(world, 'post', `${message}/cancel`, { at: `${one}/cancel` })).toBe(200)
    expect(await call(world, 'post', `${message}/cancel`, { at: `${one}/cancel` })).toBe(409)
    expect(await call(world, 'post', `${message}/hide`, { at: `${one}/hide` })).toBe(204)
    const history = '/api/v1/conversations/{who}/messages'
    expect(await call(world, 'get', history, { at: '/api/v1/conversations/bob/messages?limit=1' })).toBe(200)
    expect(
      await call(world, 'post', '/api/v1/conversations/{who}/read', { at: '/api/v1/conversations/bob/read', body: {} }),
    ).toBe(200)
    expect(await call(world, 'put', '/api/v1/cursors/{name}', { at: '/api/v1/cursors/a', body: { place: '1' } })).toBe(
      200,
    )
    expect(await call(world, 'delete', '/api/v1/cursors/{name}', { at: '/api/v1/cursors/a' })).toBe(204)
    expect(await call(world, 'get', contact, { at: '/api/v1/contacts/bob' })).toBe(200)
    expect(await call(world, 'patch', contact, { at: '/api/v1/contacts/bob', body: { nickname: 'B' } })).toBe(200)
    for (const what of ['block', 'unblock', 'unverify'])
      expect(await call(world, 'post', `${contact}/${what}`, { at: `/api/v1/contacts/bob/${what}` })).toBe(200)
    expect(await call(world, 'get', `${contact}/safety-number`, { at: '/api/v1/contacts/bob/safety-number' })).toBe(200)
    expect(await call(world, 'get', `${contact}/key-change`, { at: '/api/v1/contacts/mallory/key-change' })).toBe(200)
    expect(await call(world, 'get', `${contact}/key-change`, { at: '/api/v1/contacts/bob/key-change' })).toBe(404)
    expect(await call(world, 'post', '/api/v1/connect', { body: { target: 'nowhere:1' } })).toBe(502)
    expect(await call(world, 'patch', '/api/v1/settings', { body: { readReceipts: true } })).toBe(200)
    expect(await call(world, 'post', '/api/v1/sign-in-links')).toBe(201)
    expect(await call(world, 'post', '/api/v1/sign-in', { body: { code: 'A'.repeat(43) } })).toBe(403)
    expect(await call(world, 'post', '/api/v1/stop')).toBe(202)
  })
})

test('the page for it has no code inline, and may reach nothing but the daemon', async () => {
  await using world = await runApi()
  const page = await fetch(`${world.api.url}/docs`)
  const html = await page.text()
  expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  expect(html).not.toMatch(/https?:\/\/|<style|<script>|\son[a-z]+=/)
  for (const [, path = ''] of html.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)) {
    const file = await fetch(`${world.api.url}/${path}`)
    expect([path, file.status, file.headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff'])
  }
})

test('metrics are for whoever has the token, and name nobody', async () => {
  await using world = await runApi()
  world.daemon.know('bob', {
    state: 'connected',
    since: 1,
    address: '127.0.0.1:8001',
    path: 'direct',
    receivedBytes: 5,
    sentBytes: 6,
  })
  expect((await fetch(`${world.api.url}/metrics`)).status).toBe(401)
  const text = await (await fetch(`${world.api.url}/metrics`, { headers: trusted(world.api) })).text()
  expect(text).toContain('\nparley_peer_session_received_bytes 5\n')
  expect(text).toContain('\nparley_peer_directory_online 1\n')
  expect(text).not.toContain('bob')
})
