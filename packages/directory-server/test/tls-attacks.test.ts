import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from '@jest/globals'
import { writeCertificate } from './support/certificates.ts'
import { scratch } from './support/spawned-directory.ts'
import { TestDirectory } from './support/test-directory.ts'

async function hold(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress: '127.0.0.2' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once('close', () => resolve()))
}

test('a connection that does not get through its handshake is ended in time', async () => {
  await using place = await scratch()
  const { pem, ...files } = await writeCertificate(place.dir)
  await using directory = await TestDirectory.start({ ...files, limit: { TLS_HANDSHAKE_TIMEOUT_MS: 300 } })
  const silent = await hold(directory.url)
  const halfway = await hold(directory.url)
  halfway.write(Buffer.from('1603010200010001fc0303', 'hex'))
  const plain = await hold(directory.url)
  plain.write('GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n')

  await Promise.all([silent, halfway, plain].map(ended))
  expect(directory.dropped()).toEqual({ 'tls-handshake': 3 })
  const { port } = new URL(directory.url)
  const honest = connectTls({ host: '127.0.0.1', port: Number(port), ca: pem })
  await once(honest, 'secureConnect')
  honest.destroy()
})

test('one source holds no more https connections than it may, before or after the handshake', async () => {
  await using place = await scratch()
  const { pem, ...files } = await writeCertificate(place.dir)
  const limit = { MAX_SOCKETS_PER_SOURCE: 2 }
  await using directory = await TestDirectory.start({ ...files, rateLimit: 'on', limit })
  const { port } = new URL(directory.url)
  const secure = connectTls({ socket: await hold(directory.url), servername: '', host: '127.0.0.1', ca: pem })
  await once(secure, 'secureConnect')
  const silent = await hold(directory.url)
  await ended(await hold(directory.url))

  expect(directory.dropped()).toEqual({ 'sockets-per-source': 1 })
  const honest = connectTls({ host: '127.0.0.1', port: Number(port), ca: pem })
  await once(honest, 'secureConnect')
  for (const socket of [secure, silent, honest]) socket.destroy()
})
