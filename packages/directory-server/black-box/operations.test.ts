import { expect, test } from '@jest/globals'
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
