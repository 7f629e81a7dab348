import { Problem } from '@parley/shared/directory-api/problem.ts'
import { describe, expect, test } from 'vitest'
import { DirectoryUnderTest, problem, userPath } from './support/directory-under-test.ts'
import { randomName } from './support/guests.ts'

describe('GET /v1', () => {
  test('tells the key of the directory, its versions, features and limits', async () => {
    const { info } = await DirectoryUnderTest.visit()

    expect(info.versions).toContain('v1')
    expect(info.features).toEqual(expect.arrayContaining(['presence', 'prekeys']))
    expect(info.limits).toMatchObject({ MAX_BODY_BYTES: expect.any(Number), MAX_NAME_CHARS: 32 })
  })
})

describe('a request that cannot be taken is answered with problem details', () => {
  test.each(['/', '/v2', '/v1/', '/v1/users/', '/v1/users/alice/devices', '/admin'])('at %s', async (path) => {
    const directory = await DirectoryUnderTest.visit()
    const response = await directory.request.get(path)

    expect(response).toMatchObject(problem(404, 'not-found'))
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(Problem.safeParse(response.body)).toMatchObject({ success: true })
  })

  test.each([
    ['delete', '/v1/users', 'GET'],
    ['post', '/v1', 'GET'],
    ['put', '/healthz', 'GET'],
    ['post', '/v1/users/alice', 'PUT'],
    ['get', `/v1/users/alice/devices/${'A'.repeat(43)}`, 'PUT'],
    ['get', `/v1/users/alice/devices/${'A'.repeat(43)}/prekeys/claim`, 'POST'],
  ] as const)('with the method %s for %s, which takes %s', async (method, path, allow) => {
    const directory = await DirectoryUnderTest.visit()
    const response = await directory.request[method](path)

    expect(response).toMatchObject(problem(405, 'method-not-allowed'))
    expect(response.headers['allow']).toContain(allow)
  })

  test.each(['Alice', '-alice', 'alice.', 'al%2Fice', 'ålice', 'a'.repeat(33), '%20alice', 'al%00ice'])(
    'for the name %s',
    async (name) => {
      const directory = await DirectoryUnderTest.visit()

      expect(await directory.request.get(`/v1/users/${encodeURI(name).replaceAll('%25', '%')}`)).toMatchObject(
        problem(400, 'bad-name'),
      )
    },
  )

  test('for a query that the call does not take', async () => {
    const directory = await DirectoryUnderTest.visit()

    for (const path of ['/v1?x=1', `/v1/users/${randomName()}?verbose=1`, '/healthz?x', '/readyz?__proto__=1']) {
      expect(await directory.request.get(path)).toMatchObject(problem(400, 'bad-query'))
    }
  })

  test('for a name that nobody holds', async () => {
    const directory = await DirectoryUnderTest.visit()

    expect(await directory.request.get(`/v1/users/${randomName()}`)).toMatchObject(problem(404, 'unknown-name'))
  })

  test('with a body that is not JSON, not of this call, not typed, or too large', async () => {
    const directory = await DirectoryUnderTest.visit()
    const path = userPath(await directory.person())
    const json = (text: string) => directory.request.put(path).set('content-type', 'application/json').send(text)
    const nested = `${'['.repeat(200)}${']'.repeat(200)}`
    const badBodies = [
      '{',
      '',
      'null',
      '{"record":1}',
      '{"record":"a.b.c","more":1}',
      '{"record":"a.b.c","record":"a.b.c"}',
      '{"__proto__":{"record":"a.b.c"}}',
      `{"record":${nested}}`,
    ]

    for (const text of badBodies) expect(await json(text)).toMatchObject(problem(400, 'bad-json'))
    expect(await json(`{"record":"${'a'.repeat(20_000)}"}`)).toMatchObject(problem(413, 'body-too-large'))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const response = await directory.request.put(path).set('content-type', type).send('{"record":"a.b.c"}')
      expect(response).toMatchObject(problem(415, 'unsupported-media-type'))
    }
    const compressed = await directory.request
      .put(path)
      .set({ 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .send('{"record":"a.b.c"}')
    expect(compressed).toMatchObject(problem(415, 'unsupported-media-type'))
  })

  test('at the address of the presence WebSocket', async () => {
    const directory = await DirectoryUnderTest.visit()

    expect(await directory.request.get('/v1/presence')).toMatchObject(problem(400, 'bad-request'))
  })
})

test('every answer has the headers that keep browsers harmless, and none that open it to pages', async () => {
  const directory = await DirectoryUnderTest.visit()
  for (const path of ['/v1', '/v1/users', '/healthz', '/readyz', '/nothing', '/v1/users/Alice']) {
    const { headers } = await directory.request.get(path).set('origin', 'https://evil.example')

    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
  }
})
