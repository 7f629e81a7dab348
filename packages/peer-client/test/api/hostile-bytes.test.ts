import { connect } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type RunningApi, runApi, trusted } from '../support/running-api.ts'

const RUNS = 150

/** Bytes on a bare connection, and the end of it. */
function throwAt(port: number, bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
  socket.on('error', () => {})
  socket.on('close', () => resolve())
  socket.resume()
  return promise
}

async function isFine({ client, daemon }: RunningApi): Promise<void> {
  expect(await client.status()).toEqual(daemon.status())
}

test('bytes that are no request end their own connection and nothing else', async () => {
  await using world = await runApi()
  const request = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc
      .tuple(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'get', ''), fc.string(), fc.string({ unit: 'binary' }))
      .map(([method, path, rest]) =>
        Buffer.from(`${method} /${path} HTTP/1.1\r\nHost: 127.0.0.1:${world.port}\r\n${rest}`),
      ),
    fc
      .string({ unit: 'binary' })
      .map((body) =>
        Buffer.from(
          `POST /api/v1/messages HTTP/1.1\r\nHost: localhost:${world.port}\r\nAuthorization: Bearer ${world.api.token}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        ),
      ),
  )
  await fc.assert(
    fc.asyncProperty(request, (bytes) => throwAt(world.port, bytes)),
    { numRuns: RUNS },
  )
  await isFine(world)
  expect(world.daemon.messages).toEqual([])
})

test('whatever a client says on its line is answered or ends the line', async () => {
  await using world = await runApi()
  world.daemon.know('bob')
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record({ to: fc.anything(), text: fc.anything(), ref: fc.anything() })
      .map((value) => JSON.stringify(value) ?? ''),
    fc
      .record({ to: fc.constantFrom('bob', 'nobody'), text: fc.string({ unit: 'binary' }) })
      .map((value) => JSON.stringify(value)),
    fc.constant('/peers'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const socket = new WebSocket(`ws://127.0.0.1:${world.port}/ws`, { headers: trusted(world.api) })
      let answers = 0
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.on('message', (data: Buffer) => {
        const { type } = JSON.parse(data.toString())
        if (type === 'ready') for (const text of lines) socket.send(text)
        else if (type === 'accepted' || type === 'problem' || type === 'peers') answers += 1
        if (answers === lines.length) socket.close()
      })
      await promise
      expect(answers).toBe(lines.length)
    }),
    { numRuns: RUNS },
  )
  await isFine(world)
})
