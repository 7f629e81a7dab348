import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

const BODY = '{"record":"x"}'
const HEAD = [
  'PUT /v1/users/alice HTTP/1.1',
  'Host: x',
  'Content-Type: application/json',
  `Content-Length: ${BODY.length}`,
]

test('told to end, it answers what is under way, says goodbye to sockets, lets nobody in, and ends with 0', async () => {
  await using place = await scratch()
  await using directory = new SpawnedDirectory(['--port', '0', '--data-dir', place.dir])
  const url = await directory.url()
  const { hostname, port } = new URL(url)
  const uploading = connect(Number(port), hostname)
  await once(uploading, 'connect')
  uploading.write(`${HEAD.join('\r\n')}\r\n\r\n${BODY.slice(0, 4)}`)
  await using online = await PresenceClient.open(url)
  await online.next('challenge')
  const goodbye = once(online.socket, 'close')
  expect((await fetch(`${url}/readyz`)).status).toBe(200)

  directory.signal('SIGTERM')
  const [code, reason] = await goodbye
  expect([code, String(reason)]).toEqual([1001, 'the directory is stopping; try again in 5 s'])
  await expect(fetch(`${url}/readyz`)).rejects.toThrow()
  // On a connection from before, a balancer that still asks hears that it should not.
  uploading.write(`${BODY.slice(4)}GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n`)
  const answers = await text(uploading)
  expect(answers).toMatch(/^HTTP\/1\.1 400 /)
  expect(answers).toContain('"code":"bad-json"')
  expect(answers).toMatch(/HTTP\/1\.1 503 /)
  expect(await directory.ended).toMatchObject({ exitCode: 0 })
})
