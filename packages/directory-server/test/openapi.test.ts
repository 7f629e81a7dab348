import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { createOpenApi } from '#http/openapi/document.ts'
import { prekeyBatch } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { type Answer, TestDirectory } from './support/test-directory.ts'

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, object> }> }>>
}

const document: Document = JSON.parse(createOpenApi('1.2.3'))
const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'doc', ...document })

/** Paths in the spelling of the document. */
function routesInSource(): string[] {
  const routes = fileURLToPath(new URL('../src/http/routes', import.meta.url))
  const sources = globSync('*.ts', { cwd: routes }).map((name) => readFileSync(`${routes}/${name}`, 'utf8'))
  return sources.flatMap((source) =>
    [...source.matchAll(/\.route\(\s*'([^']+)'/g)].map(([, path = '']) => path.replaceAll(/:([a-z]+)/g, '{$1}')),
  )
}

/** Throws unless the answer is one that the document promises for the call. */
function check(method: string, path: string, { status, body, headers }: Answer): number {
  const responses = document.paths[path]?.[method]?.responses ?? {}
  const promised = responses[String(status)]
  if (promised === undefined)
    throw new Error(`${method} ${path} has no ${status} in the document: ${JSON.stringify(body)}`)
  if (promised.content === undefined) {
    expect(body).toBeUndefined()
    return status
  }
  const [mediaType = ''] = (headers.get('content-type') ?? '').split(';')
  expect(Object.keys(promised.content)).toContain(mediaType)
  const at = ['paths', path, method, 'responses', String(status), 'content', mediaType, 'schema']
  const pointer = at.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  const isValid = ajv.validate(`doc#/${pointer}`, body)
  expect(isValid ? [] : ajv.errors).toEqual([])
  return status
}

describe('the document of the API', () => {
  test('is served as OpenAPI 3.1', async () => {
    await using directory = await TestDirectory.start()
    const answer = await directory.get('/openapi.json')

    expect(answer).toMatchObject({ status: 200, body: { openapi: '3.1.0', info: { version: '0.0.0' } } })
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  })

  test('has every route of the source, and no other', () => {
    // The files of the page are not calls.
    const routes = routesInSource().filter((path) => !path.startsWith('/docs/'))
    expect(routes.length).toBeGreaterThan(10)
    expect([...routes, '/docs'].toSorted()).toEqual(Object.keys(document.paths).toSorted())
  })

  test('has the methods that the directory takes, and no other', async () => {
    await using directory = await TestDirectory.start()
    for (const [path, methods] of Object.entries(document.paths)) {
      const url = directory.url + path.replace('{name}', 'alice').replace('{device}', 'A'.repeat(43))
      const { status, headers } = await fetch(url, { method: 'PATCH' })
      const taken = (headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD')
      expect({ path, status, taken: taken.toSorted() }).toEqual({
        path,
        status: 405,
        taken: Object.keys(methods)
          .map((method) => method.toUpperCase())
          .toSorted(),
      })
    }
  })

  test('says what the directory answers', async () => {
    await using directory = await TestDirectory.start()
    const [alice, bob] = [directory.person('alice'), await directory.register('bob')]
    const user = '/v1/users/{name}'
    const device = `${user}/devices/{device}`
    const own = `/v1/users/alice/devices/${alice.device.id}`
    const record = await alice.record()

    expect(check('get', '/v1', await directory.get('/v1'))).toBe(200)
    expect(check('put', user, await directory.put('/v1/users/alice', { record }))).toBe(201)
    expect(check('put', user, await directory.put('/v1/users/alice', { record }))).toBe(200)
    expect(check('get', user, await directory.get('/v1/users/alice'))).toBe(200)
    expect(check('put', device, await directory.put(own, { statement: await alice.statement() }))).toBe(201)
    const batch = JSON.stringify(prekeyBatch(3))
    const upload = { upload: await alice.upload(batch), prekeys: batch }
    expect(check('put', `${device}/prekeys`, await directory.put(`${own}/prekeys`, upload))).toBe(200)
    expect(check('get', `${device}/prekeys`, await directory.get(`${own}/prekeys`))).toBe(200)
    const claim = { claim: await bob.claim(alice.device.id) }
    expect(check('post', `${device}/prekeys/claim`, await directory.post(`${own}/prekeys/claim`, claim))).toBe(200)
    const heartbeat = { heartbeat: await bob.heartbeat() }
    expect(check('post', `${user}/heartbeat`, await directory.post('/v1/users/bob/heartbeat', heartbeat))).toBe(200)
    {
      await using online = await PresenceClient.enter(directory.url, bob)
      expect(online.socket.readyState).toBe(1)
      for (const path of ['/v1/users', '/v1/users?limit=1', '/v1/users?status=online', '/v1/users?ip=127.0.0.1']) {
        expect(check('get', '/v1/users', await directory.get(path))).toBe(200)
      }
    }
    expect(check('get', '/v1/search', await directory.get('/v1/search?q=al'))).toBe(200)
    for (const path of ['/healthz', '/readyz', '/openapi.json']) {
      expect(check('get', path, await directory.get(path))).toBe(200)
    }
    const retirement = { retirement: await bob.retirement() }
    expect(check('delete', user, await directory.delete('/v1/users/bob', retirement))).toBe(204)
  })

  test('says how the directory refuses', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const user = '/v1/users/{name}'
    const device = `${user}/devices/{device}`
    const own = `/v1/users/alice/devices/${alice.device.id}`
    const other = `/v1/users/alice/devices/${'A'.repeat(43)}`
    const foreign = await directory.person('mallory').record({})

    expect(check('get', '/v1', await directory.get('/v1?x'))).toBe(400)
    expect(check('get', '/v1/users', await directory.get('/v1/users?limit=0'))).toBe(400)
    expect(check('get', '/v1/search', await directory.get('/v1/search'))).toBe(400)
    expect(check('get', user, await directory.get('/v1/users/nobody'))).toBe(404)
    expect(check('get', user, await directory.get('/v1/users/UPPER'))).toBe(400)
    expect(check('put', user, await directory.put('/v1/users/alice', { record: foreign }))).toBe(400)
    expect(check('put', user, await directory.put('/v1/users/alice', { record: 'x'.repeat(20_000) }))).toBe(413)
    expect(check('put', device, await directory.put(own, {}))).toBe(400)
    expect(check('put', device, await directory.put(other, { statement: await alice.statement() }))).toBeGreaterThan(
      399,
    )
    expect(check('get', `${device}/prekeys`, await directory.get(`${other}/prekeys`))).toBe(404)
    expect(check('post', `${device}/prekeys/claim`, await directory.post(`${own}/prekeys/claim`, {}))).toBe(400)
    const claim = { claim: await alice.claim(alice.device.id) }
    expect(check('post', `${device}/prekeys/claim`, await directory.post(`${own}/prekeys/claim`, claim))).toBe(404)
    expect(check('get', '/v1/presence', await directory.get('/v1/presence'))).toBe(400)
    await directory.restart({ ipLookup: false })
    expect(check('get', '/v1/users', await directory.get('/v1/users?ip=127.0.0.1'))).toBe(403)
  })
})

test('the page for it has no code inline, and may reach nothing but the directory', async () => {
  await using directory = await TestDirectory.start()
  const page = await fetch(`${directory.url}/docs`)
  const html = await page.text()

  expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  expect(html).not.toMatch(/https?:\/\/|<style|<script>|\son[a-z]+=/)
  for (const [, path = ''] of html.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)) {
    const file = await fetch(`${directory.url}/${path}`)
    expect([path, file.status, file.headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff'])
  }
})
