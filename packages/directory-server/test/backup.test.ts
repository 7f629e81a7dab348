import { once } from 'node:events'
import { chmod, copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startDirectory } from '#directory-server.ts'
import { readHere } from './support/read-here.ts'
import { type Ended, SpawnedDirectory, scratch } from './support/spawned-directory.ts'
import { TestDirectory } from './support/test-directory.ts'

/** Beside a directory that is at work: in a process of its own. */
async function runApart(args: readonly string[]): Promise<Ended> {
  await using directory = new SpawnedDirectory(args)
  return await directory.ended
}

describe('parley-directory backup', () => {
  test('copies a directory that is being written, and a restored one has everything that was there when it began', async () => {
    await using place = await scratch()
    await using directory = await TestDirectory.start()
    const before = Array.from({ length: 20 }, (_, n) => `early-${n}`)
    for (const name of before) await directory.register(name)
    const file = join(place.dir, 'copy.sqlite')

    let isOver = false
    const backup = runApart(['backup', file, '--data-dir', directory.dataDir, '--json']).finally(() => {
      isOver = true
    })
    let written = 0
    while (!isOver) await directory.register(`late-${written++}`)
    const { exitCode, stdout } = await backup
    expect(exitCode).toBe(0)
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({ event: 'backup', file, keyFile: `${file}.key`, bytes: (await stat(file)).size })
    expect(told.names).toBeGreaterThanOrEqual(before.length)
    expect((await readdir(place.dir)).toSorted()).toEqual(['copy.sqlite', 'copy.sqlite.key'])
    for (const path of [file, `${file}.key`]) expect((await stat(path)).mode & 0o777).toBe(0o600)

    // As docs/operating.md says it.
    const dataDir = join(place.dir, 'restored')
    await mkdir(dataDir, { mode: 0o700 })
    await copyFile(file, join(dataDir, 'directory.sqlite'))
    await copyFile(`${file}.key`, join(dataDir, 'directory.key'))
    await using restored = await startDirectory({ dataDir, port: 0 })
    expect(restored.directoryKey).toBe(directory.key)
    for (const name of before) {
      const answer: unknown = await (await fetch(`${restored.url}/v1/users/${name}`)).json()
      expect(answer).toEqual(await directory.user(name))
    }
    const doctor = await readHere(['doctor', '--data-dir', dataDir, '--port', '0', '--json'])
    expect(JSON.parse(doctor.stdout).checks).toContainEqual(expect.objectContaining({ says: 'integrity_check: ok' }))
  })

  test('says loudly what the key is, and leaves it out when told to', async () => {
    await using place = await scratch()
    await using directory = await TestDirectory.start()
    const args = ['--data-dir', directory.dataDir]
    const [all, part] = [join(place.dir, 'all'), join(place.dir, 'part')]

    expect((await readHere(['backup', all, ...args])).stdout).toContain('Whoever has it can pose as this directory')
    expect((await readHere(['backup', part, '--without-key', ...args])).stdout).toContain('WITHOUT the key')
    expect((await readdir(place.dir)).toSorted()).toEqual(['all', 'all.key', 'part'])
  })

  test('never writes over anything, and leaves nothing behind when it cannot', async () => {
    await using place = await scratch()
    await using directory = await TestDirectory.start()
    const file = join(place.dir, 'copy')
    await writeFile(`${file}.key`, 'mine')

    expect(await readHere(['backup', file, '--data-dir', directory.dataDir])).toMatchObject({
      exitCode: 64,
      stderr: `parley-directory: ${file}.key exists; choose another\n`,
    })
    expect(await readHere(['backup', file, '--data-dir', join(place.dir, 'none')])).toMatchObject({
      exitCode: 64,
      stderr: `parley-directory: there is no directory in ${join(place.dir, 'none')}\n`,
    })
    expect(await readHere(['backup', join(place.dir, 'a', 'b'), '--data-dir', directory.dataDir])).toMatchObject({
      exitCode: 74,
    })
    expect(await readdir(place.dir)).toEqual(['copy.key'])
  })
})

/** What the doctor says, by the name of the check. */
async function diagnosed(args: readonly string[], run: typeof runApart | typeof readHere = readHere) {
  const { exitCode, stdout } = await run(['doctor', '--json', ...args])
  const { ok, checks } = JSON.parse(stdout)
  const named: [string, unknown][] = checks.map(({ name, ...rest }: { name: string }) => [name, rest])
  return { exitCode, ok, ...Object.fromEntries(named) }
}

describe('parley-directory doctor', () => {
  test('finds nothing wrong with a directory that runs, and knows it by its key', async () => {
    await using directory = await TestDirectory.start()
    const { port } = new URL(directory.url)
    const args = ['--data-dir', directory.dataDir, '--port', port]

    expect(await diagnosed(args, runApart)).toMatchObject({
      exitCode: 0,
      ok: true,
      permissions: { state: 'good' },
      database: { state: 'good' },
      key: { state: 'good' },
      port: { state: 'good', says: `this directory answers at http://127.0.0.1:${port}/v1` },
    })
    const { stdout } = await readHere(['doctor', ...args])
    expect(stdout).toContain('✓ database: integrity_check: ok\n')
  })

  test('tells what is wrong, and ends with the code of the first trouble', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'data')
    await (await startDirectory({ dataDir, port: 0 })).stop()
    await using stranger = createServer((_request, response) => void response.end('hello')).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const { port } = stranger.address() as AddressInfo
    await chmod(dataDir, 0o755)
    await rm(join(dataDir, 'directory.key'))

    expect(await diagnosed(['--data-dir', dataDir, '--port', String(port), '--host', '0.0.0.0'])).toMatchObject({
      exitCode: 73,
      ok: false,
      permissions: { state: 'bad', says: expect.stringContaining('chmod go-rwx') },
      key: { state: 'bad', says: 'directory.key is missing', advice: 'restore it from a backup' },
      tls: { state: 'bad', exitCode: 64 },
      port: { state: 'bad', says: expect.stringContaining('another program'), exitCode: 69 },
    })
  })

  test('takes a proxy in front for encryption, as a start does', async () => {
    await using place = await scratch()
    const args = ['--data-dir', place.dir, '--port', '0', '--host', '0.0.0.0', '--trust-proxy', '10.0.0.0/8']
    expect(await diagnosed(args)).toMatchObject({ exitCode: 0, tls: { state: 'good' } })
  })

  test('finds a damaged database, and a directory that is not there yet', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'data')
    expect(await diagnosed(['--data-dir', dataDir, '--port', '0'])).toMatchObject({
      exitCode: 0,
      data: { state: 'good' },
    })
    await mkdir(dataDir, { mode: 0o700 })
    await writeFile(join(dataDir, 'directory.sqlite'), 'this is not a database, whatever its name says'.repeat(100), {
      mode: 0o600,
    })
    expect(await diagnosed(['--data-dir', dataDir, '--port', '0'])).toMatchObject({ ok: false, data: { state: 'bad' } })
  })
})
