import { expect, test } from 'vitest'
import { DirectoryUnderTest, problem, userPath } from './support/directory-under-test.ts'

test('/healthz says that it answers, /readyz that it would take a write', async () => {
  const directory = await DirectoryUnderTest.visit()

  expect((await directory.request.get('/healthz').expect(200)).body).toMatchObject({ status: 'ok' })
  expect((await directory.request.get('/readyz').expect(200)).body).toMatchObject({ status: 'ready' })
})

test('/metrics counts what happens, and names nobody, unless it is closed to others', async () => {
  const directory = await DirectoryUnderTest.visit()
  const first = await directory.request.get('/metrics')
  if (first.status === 404) {
    expect(first).toMatchObject(problem(404, 'not-found'))
    return
  }
  const lookups = async () => {
    const { text, headers } = await directory.request.get('/metrics').expect(200)
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    const [, count] =
      /^parley_directory_http_requests_total\{method="GET",route="\/v1\/users\/:name",code="200"\} (\d+)$/m.exec(
        text,
      ) ?? []
    return { count: Number(count ?? 0), text }
  }
  const alice = await directory.register()
  const before = await lookups()

  await directory.request.get(userPath(alice)).expect(200)

  const after = await lookups()
  expect(after.count).toBeGreaterThan(before.count)
  expect(after.text).not.toContain(alice.name)
})

test('/openapi.json describes every call, and /docs shows it without asking anybody else', async () => {
  const directory = await DirectoryUnderTest.visit()
  const { body } = await directory.request.get('/openapi.json').expect(200)

  expect(body).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./), info: { title: expect.any(String) } })
  const calls = Object.entries<object>(body.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(calls).toEqual(
    expect.arrayContaining([
      'GET /v1',
      'GET /v1/users',
      'GET /v1/users/{name}',
      'PUT /v1/users/{name}',
      'DELETE /v1/users/{name}',
      'POST /v1/users/{name}/heartbeat',
      'PUT /v1/users/{name}/devices/{device}',
      'PUT /v1/users/{name}/devices/{device}/prekeys',
      'POST /v1/users/{name}/devices/{device}/prekeys/claim',
      'GET /v1/search',
      'GET /healthz',
      'GET /readyz',
    ]),
  )
  const { text, headers } = await directory.request.get('/docs').expect(200)
  expect(headers['content-type']).toMatch(/^text\/html/)
  expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
})
