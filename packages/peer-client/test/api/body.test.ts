import { gzipSync } from 'node:zlib'
import { MAX_LOCAL_BODY_BYTES, MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import { ask, type RunningApi, runApi, trusted } from '../support/running-api.ts'

function post(world: RunningApi, body: string | Buffer, more: Record<string, string> = {}, path = '/api/v1/messages') {
  const headers = trusted(world.api, { 'content-type': 'application/json', ...more })
  return ask(world.port, { method: 'POST', path, headers, body })
}

test('a body is exactly the fields that the address takes', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const refused = [
    '',
    'hello',
    '[]',
    'null',
    '{}',
    '{"to":"bob"}',
    '{"to":"bob","text":""}',
    '{"to":"","text":"hi"}',
    '{"to":7,"text":"hi"}',
    '{"to":"bob","text":"hi","more":1}',
    '{"to":"bob","text":"hi","text":"other"}',
    '{"to":"bob","text":"hi","__proto__":{}}',
    '{"to":"bob","text":"\\ud800"}',
    Buffer.from('{"to":"bob","text":"\xff"}', 'latin1'),
  ]
  for (const body of refused) {
    expect(await post(world, body)).toMatchObject({ status: 400, body: { code: 'bad-request' } })
  }
  expect(world.daemon.messages).toEqual([])
  expect(await post(world, '{"to":"bob","text":"hi"}')).toMatchObject({ status: 201 })
})

test('a refusal names the field', async () => {
  await using world = await runApi()
  const answer = await post(world, '{"to":"bob","text":"hi","more":1}')
  expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json; charset=utf-8' })
  expect(answer.body).toMatchObject({
    type: 'urn:parley:problem:bad-request',
    status: 400,
    detail: expect.stringContaining('more'),
  })
})

test('a body above 256 KiB is refused, and the next request on the line is served', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const body = JSON.stringify({ to: 'bob', text: 'x'.repeat(MAX_LOCAL_BODY_BYTES) })
  expect(await post(world, body)).toMatchObject({ status: 413, body: { code: 'too-large' } })
  expect(await post(world, body, { 'transfer-encoding': 'chunked' })).toMatchObject({ status: 413 })
  expect(await post(world, '{"to":"bob","text":"hi"}')).toMatchObject({ status: 201 })
})

test('a text is measured in UTF-8', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const fits = '€'.repeat(Math.floor(MAX_TEXT_BYTES / 3))
  expect(await post(world, JSON.stringify({ to: 'bob', text: fits }))).toMatchObject({ status: 201 })
  expect(await post(world, JSON.stringify({ to: 'bob', text: `${fits}€` }))).toMatchObject({
    status: 413,
    body: { code: 'too-large', detail: 'text: a message holds at most 64 KiB of text' },
  })
})

test('nesting that would end a careless reader is refused', async () => {
  await using world = await runApi()
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect(await post(world, deep)).toMatchObject({ status: 400, body: { detail: 'nested deeper than 16' } })
})

test('a compressed body is refused unread', async () => {
  await using world = await runApi()
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  expect(await post(world, bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
})

test('only JSON in UTF-8 is a body', async () => {
  await using world = await runApi()
  for (const type of ['application/json; charset=utf-16', 'application/jsonp', 'application/json, text/plain', '']) {
    expect(await post(world, '{}', { 'content-type': type })).toMatchObject({ status: 415 })
  }
})

test('what an address does not take is said, not swallowed', async () => {
  await using world = await runApi()
  const headers = trusted(world.api)
  const get = (path: string) => ask(world.port, { path, headers })
  expect(await get('/api/v1/status?more=1')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/find')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/find?q=a&q=b')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/messages/x?wait=read')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/messages/x?wait=sent&timeoutMs=999999999')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/conversations/bob/messages?limit=0')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/messages/%ff')).toMatchObject({ status: 400 })
  expect(await get('/api/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } })
  expect(await get('/API/v1/status')).toMatchObject({ status: 404 })
  expect(await get('/ws')).toMatchObject({ status: 400, body: { detail: expect.stringContaining('WebSocket') } })
  expect(await post(world, '{}', {}, '/api/v1/stop')).toMatchObject({ status: 400 })
  const put = await ask(world.port, { method: 'PUT', path: '/api/v1/messages', headers })
  expect(put).toMatchObject({ status: 405, body: { code: 'method-not-allowed' }, headers: { allow: 'POST' } })
})

test('a key for a request is visible ASCII', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  for (const key of ['', 'a b', 'é', 'x'.repeat(129)]) {
    expect(await post(world, '{"to":"bob","text":"hi"}', { 'idempotency-key': key })).toMatchObject({ status: 400 })
  }
})
