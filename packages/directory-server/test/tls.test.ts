import { once } from 'node:events'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { explain } from '#cli/explain.ts'
import { startDirectory } from '#directory-server.ts'
import { writeCertificate } from './support/certificates.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'
import { TestDirectory } from './support/test-directory.ts'

async function fetchOver(url: string, ca: string): Promise<{ status: number | undefined; body: unknown }> {
  const sent = get(url, { ca, agent: false })
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, body: JSON.parse(await text(response)) }
}

async function handshake(url: string, options: ConnectionOptions): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** A connection of a neighbour that says nothing. */
async function hold(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connectPlain({ host: hostname, port: Number(port), localAddress: '127.0.0.2' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once('close', () => resolve()))
}

/** The serial number of what new connections are shown. */
async function shownSerial(url: string): Promise<string> {
  const socket = await handshake(url, { rejectUnauthorized: false })
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

function spawned(dir: string, tlsCert: string, tlsKey: string): string[] {
  const data = ['--port', '0', '--data-dir', join(dir, 'data')]
  return [...data, '--tls-cert', tlsCert, '--tls-key', tlsKey]
}

describe('a directory with a certificate', () => {
  test('serves https and wss to whoever trusts it', async () => {
    await using place = await scratch()
    const { pem, ...files } = await writeCertificate(place.dir)
    await using directory = await TestDirectory.start(files)
    expect(directory.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)

    expect(await fetchOver(`${directory.url}/v1`, pem)).toMatchObject({
      status: 200,
      body: { directoryKey: directory.key },
    })
    const socket = new WebSocket(`${directory.url.replace('https', 'wss')}/v1/presence`, { ca: pem })
    const [frame] = await once(socket, 'message')
    expect(JSON.parse(String(frame))).toMatchObject({ type: 'challenge' })
    socket.terminate()
  })

  test('speaks TLS 1.3 and 1.2 with forward secrecy, and nothing older', async () => {
    await using place = await scratch()
    const { pem, ...files } = await writeCertificate(place.dir)
    await using directory = await TestDirectory.start(files)

    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const socket = await handshake(directory.url, { ca: pem, minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      socket.destroy()
    }
    const refused: ConnectionOptions[] = [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    ]
    for (const options of refused) await expect(handshake(directory.url, { ca: pem, ...options })).rejects.toThrow()
    expect(directory.dropped()).toEqual({ 'tls-handshake': refused.length })
  })

  test('hangs up on plain HTTP, counts it, and lives on', async () => {
    await using place = await scratch()
    const { pem, ...files } = await writeCertificate(place.dir)
    await using directory = await TestDirectory.start(files)
    const { hostname, port } = new URL(directory.url)
    const plain = connectPlain(Number(port), hostname, () => plain.write('GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n'))
    await once(plain.resume(), 'close')

    expect(directory.dropped()).toEqual({ 'tls-handshake': 1 })
    expect(await fetchOver(`${directory.url}/healthz`, pem)).toMatchObject({ status: 200 })
  })

  test('shows a new certificate after SIGHUP, and keeps the old one when the new one is broken', async () => {
    await using place = await scratch()
    const { tlsCert, tlsKey } = await writeCertificate(place.dir)
    await using directory = new SpawnedDirectory(spawned(place.dir, tlsCert, tlsKey))
    const url = await directory.url()
    const before = await shownSerial(url)
    const kept = await handshake(url, { rejectUnauthorized: false })

    await writeCertificate(place.dir)
    directory.signal('SIGHUP')
    await directory.logged('certificate read again')
    const after = await shownSerial(url)
    expect(after).not.toBe(before)

    await writeFile(tlsCert, 'not a certificate')
    directory.signal('SIGHUP')
    await directory.logged('the certificate was not exchanged')
    expect(await shownSerial(url)).toBe(after)

    kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(await text(kept)).toMatch(/^HTTP\/1\.1 200/)
    expect(await directory.kill('SIGTERM')).toMatchObject({ exitCode: 0 })
  })

  test('listens on every address without a further flag, and warns of a certificate that has expired', async () => {
    await using place = await scratch()
    const { tlsCert, tlsKey } = await writeCertificate(place.dir, { expiresAt: Date.now() - 1_000 })
    let logged = ''
    const write = (line: string) => {
      logged += line
    }
    const log = pino({}, { write })
    await using directory = await TestDirectory.start({ host: '0.0.0.0', tlsCert, tlsKey, log })
    expect(directory.url).toMatch(/^https:\/\/0\.0\.0\.0:/)
    expect(logged).toContain('the certificate has expired')
    expect(logged).not.toContain('without encryption')
  })
})

test('a directory does not start when the files are not what they have to be, and says what is wrong', async () => {
  await using place = await scratch()
  await using elsewhere = await scratch()
  const { tlsCert, tlsKey } = await writeCertificate(place.dir)
  const other = await writeCertificate(elsewhere.dir)
  const wide = join(place.dir, 'wide.pem')
  await copyFile(tlsKey, wide)
  await chmod(wide, 0o644)
  const junk = join(place.dir, 'junk.pem')
  await writeFile(junk, (await readFile(tlsKey, 'utf8')).replaceAll(/[A-Z]/g, 'A'), { mode: 0o600 })
  const cases = [
    [{ tlsCert }, 'bad-tls', '--tls-cert and --tls-key belong together'],
    [{ tlsCert, tlsKey: other.tlsKey }, 'bad-tls', 'is not the private key of'],
    [{ tlsCert: tlsKey, tlsKey }, 'bad-tls', 'does not begin with a PEM certificate'],
    [{ tlsCert, tlsKey: junk }, 'bad-tls', 'is not a PEM private key without a passphrase'],
    [{ tlsCert: '/nonexistent.pem', tlsKey }, 'bad-tls', '--tls-cert cannot be read'],
    [{ tlsCert, tlsKey: wide }, 'unsafe-tls-key', `run: chmod o-rwx ${wide}`],
  ] as const

  const dataDir = join(place.dir, 'data')
  for (const [files, code, sentence] of cases) {
    const started = startDirectory({ dataDir, port: 0, ...files })
    const refused = await started.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({ code, message: expect.stringContaining(sentence) })
    expect(explain(refused).exitCode).toBe(code === 'bad-tls' ? 64 : 73)
  }
  await using open = new SpawnedDirectory(spawned(place.dir, tlsCert, wide))
  expect(await open.ended).toMatchObject({ exitCode: 73, stdout: '' })
})

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
  const honest = connect({ host: '127.0.0.1', port: Number(port), ca: pem })
  await once(honest, 'secureConnect')
  honest.destroy()
})

test('one source holds no more https connections than it may, before or after the handshake', async () => {
  await using place = await scratch()
  const { pem, ...files } = await writeCertificate(place.dir)
  const limit = { MAX_SOCKETS_PER_SOURCE: 2 }
  await using directory = await TestDirectory.start({ ...files, rateLimit: 'on', limit })
  const { port } = new URL(directory.url)
  const secure = connect({ socket: await hold(directory.url), servername: '', host: '127.0.0.1', ca: pem })
  await once(secure, 'secureConnect')
  const silent = await hold(directory.url)
  await ended(await hold(directory.url))

  expect(directory.dropped()).toEqual({ 'sockets-per-source': 1 })
  const honest = connect({ host: '127.0.0.1', port: Number(port), ca: pem })
  await once(honest, 'secureConnect')
  for (const socket of [secure, silent, honest]) socket.destroy()
})
