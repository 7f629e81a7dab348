import { once } from 'node:events'
import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startDirectory } from '#directory-server.ts'
import { readHere } from './support/read-here.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

/** A directory that would run inside this process, if it could start. */
function start(args: readonly string[]) {
  return readHere(['--log-level', 'silent', ...args], { startDirectory })
}

describe('parley-directory', () => {
  test('says where it is in one line, logs to stderr, keeps its data where the XDG base directory specification says, and ends with 0 when it is asked to', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'parley-directory')
    await using directory = new SpawnedDirectory(['--port', '0'], { env: { XDG_DATA_HOME: place.dir } })
    const url = await directory.url()

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const ended = await directory.kill('SIGTERM')

    expect(ended).toMatchObject({ exitCode: 0, stdout: `Parley directory ready at ${url}\n` })
    const events = ended.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg)
    expect(events).toEqual(['directory started', 'directory stopped'])
    // The checkpoint on the way out leaves nothing in the write-ahead log.
    expect((await readdir(dataDir)).toSorted()).toEqual(['directory.key', 'directory.lock', 'directory.sqlite'])
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
  })

  test('says so as JSON with --json, keeps its key, and ends with 0 on an interrupt too', async () => {
    await using place = await scratch()
    const first = await startDirectory({ port: 0, dataDir: place.dir })
    await first.stop()
    await using directory = new SpawnedDirectory([
      '--port',
      '0',
      '--data-dir',
      place.dir,
      '--json',
      '--log-level',
      'silent',
    ])

    expect(JSON.parse(await directory.firstLine)).toEqual({
      event: 'ready',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      directoryKey: first.directoryKey,
    })
    expect(await directory.kill('SIGINT')).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.each([
    ['an unknown flag', ['--nope'], /unknown option '--nope'/],
    ['a port that is none', ['--port', '65536'], /--port 65536: a whole number from 0 to 65535/],
    ['an unknown log level', ['--log-level', 'loud'], /trace, debug, info/],
    ['an argument too many', ['here'], /too many arguments/],
  ])('ends with 64 on %s', async (_, args, sentence) => {
    const ended = await readHere(args)

    expect(ended).toMatchObject({ exitCode: 64, stdout: '' })
    expect(ended.stderr).toMatch(sentence)
  })

  test('ends with 64 on an address without encryption', async () => {
    await using place = await scratch()
    const ended = await start(['--host', '0.0.0.0', '--port', '0', '--data-dir', place.dir])

    expect(ended).toMatchObject({ exitCode: 64, stdout: '' })
    expect(ended.stderr).toContain('--insecure-http')
    expect(ended.stderr).not.toContain('    at ')
    expect(await readdir(place.dir)).toEqual([])
  })

  test('tells its flags, its version and its limits', async () => {
    await using program = new SpawnedDirectory(['--version'])
    const [help, limits, json, version] = await Promise.all([
      readHere(['--help']),
      readHere(['--print-limits']),
      readHere(['--print-limits', '--json']),
      program.ended,
    ])

    expect(help).toMatchObject({ exitCode: 0, stderr: '' })
    for (const flag of ['--host', '--port', '--data-dir', '--json', '--log-level', '--insecure-http']) {
      expect(help.stdout).toContain(flag)
    }
    expect(version).toMatchObject({ exitCode: 0, stdout: '0.0.0\n' })
    expect(limits.stdout).toMatch(/^MAX_BODY_BYTES +16384 {2}bytes +body of a request$/m)
    expect(JSON.parse(json.stdout)).toMatchObject({
      MAX_BODY_BYTES: { value: 16_384, unit: 'bytes', purpose: 'body of a request' },
    })
  })

  test('ends with 71 when another directory runs on its data, with 69 when its port is taken', async () => {
    await using place = await scratch()
    const [first, second] = [join(place.dir, 'first'), join(place.dir, 'second')]
    await using running = new SpawnedDirectory(['--port', '0', '--data-dir', first])
    const { port } = new URL(await running.url())

    const sameData = await start(['--port', '0', '--data-dir', first])
    const samePort = await start(['--port', port, '--data-dir', second])

    expect(sameData).toMatchObject({
      exitCode: 71,
      stderr: `parley-directory: another directory is already running on ${first}\n`,
    })
    expect(samePort).toMatchObject({
      exitCode: 69,
      stderr: `parley-directory: 127.0.0.1 port ${port} is in use by another program; choose another with --port\n`,
    })
    // A killed process holds no lock.
    await running.kill('SIGKILL')
    await using next = await startDirectory({ port: 0, dataDir: first })
    expect(next.url).toMatch(/^http:/)
  })

  test('ends with 73 when others can enter its data directory, and with 69 on an address that is not here', async () => {
    await using place = await scratch()
    const wide = join(place.dir, 'wide')
    await mkdir(wide)
    await chmod(wide, 0o755)

    const unsafe = await start(['--port', '0', '--data-dir', wide])
    const newDir = join(place.dir, 'new')
    const elsewhere = await start(['--host', '192.0.2.1', '--insecure-http', '--port', '0', '--data-dir', newDir])

    expect(unsafe).toMatchObject({ exitCode: 73, stderr: expect.stringContaining('chmod go-rwx') })
    expect(elsewhere).toMatchObject({ exitCode: 69, stderr: expect.stringContaining('192.0.2.1') })
  })

  test('ends at once on a second signal, although a request is under way', async () => {
    await using place = await scratch()
    await using directory = new SpawnedDirectory(['--port', '0', '--data-dir', place.dir])
    const { hostname, port } = new URL(await directory.url())
    const stuck = connect(Number(port), hostname)
    stuck.on('error', () => {})
    await once(stuck, 'connect')
    stuck.write('PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{')
    await fetch(`http://${hostname}:${port}/healthz`)

    const ended = directory.kill('SIGTERM')
    // Refused connections show that the first signal has been heard.
    while (await fetch(`http://${hostname}:${port}/healthz`).catch(() => undefined)) await new Promise(setImmediate)
    await directory.kill('SIGTERM')

    expect(await ended).toMatchObject({ exitCode: 143 })
    stuck.destroy()
  })

  test('outlives more connections than it has file descriptors for', async () => {
    await using place = await scratch()
    const args = ['--port', '0', '--data-dir', place.dir, '--log-level', 'silent']
    await using directory = new SpawnedDirectory(args, { maxOpenFiles: 64 })
    const url = await directory.url()
    const { hostname, port } = new URL(url)
    const flood = Array.from({ length: 200 }, () => connect(Number(port), hostname).on('error', () => {}))
    // Each is either accepted for now or ended by the system; one that is ended shows that there was no room left.
    await Promise.race(flood.map((socket) => once(socket.resume(), 'close')))

    for (const socket of flood) socket.destroy()
    let status: number | undefined
    while (status === undefined) {
      status = await fetch(`${url}/healthz`).then(
        (answer) => answer.status,
        () => undefined,
      )
    }

    expect(status).toBe(200)
    expect(await directory.kill('SIGTERM')).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
