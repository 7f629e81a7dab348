import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { tcp } from '#transport/tcp.ts'
import type { Link } from '#transport/transport.ts'
import { describeTransport } from './describe-transport.ts'

describeTransport('tcp', () => ({ transport: tcp, host: '127.0.0.1' }))

test('an IPv4 peer of a dual-stack listener is named by its IPv4 address', async () => {
  const links: Link[] = []
  const listener = await tcp.listen({ host: '::', port: 0 }, (link) => links.push(link))
  const socket = connect({ host: '127.0.0.1', port: listener.port })
  await once(socket, 'connect')
  const answered = once(socket, 'data')
  while (links.length === 0) await new Promise(setImmediate)
  const [link] = links
  expect(link?.remoteAddress).toBe('127.0.0.1')
  link?.stream.end('hello')
  await answered
  socket.destroy()
  link?.stream.destroy()
  await listener.stop()
})

test('an address that cannot be bound is a TransportError', async () => {
  // 192.0.2.0/24 is set aside for documentation (RFC 5737): no machine has it.
  const listening = tcp.listen({ host: '192.0.2.1', port: 0 }, () => {})
  await expect(listening).rejects.toMatchObject({ name: 'TransportError', code: 'unreachable' })
})
