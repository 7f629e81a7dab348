import { DirectoryInfo, User } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { describe, expect, test } from 'vitest'
import { startDirectory } from '#directory-server.ts'
import { Person } from './support/people.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

/** A name and the record with which it was registered. */
type Signed = readonly [name: string, record: Jws]

async function people(url: string, prefix: string, count: number): Promise<Signed[]> {
  const { directoryKey } = DirectoryInfo.parse(await (await fetch(`${url}/v1`)).json())
  const audience = audienceOf(directoryKey)
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `${prefix}${index}`
      return [name, await new Person({ name, audience }).record()] as const
    }),
  )
}

/** Registers all at once; those that were acknowledged, and the statuses of those that were refused. */
async function burst(url: string, signed: readonly Signed[]) {
  const acknowledged: Signed[] = []
  const refused: number[] = []
  await Promise.all(
    signed.map(async ([name, record]) => {
      // The connection ends with the directory.
      const response = await fetch(`${url}/v1/users/${name}`, {
        method: 'PUT',
        body: JSON.stringify({ record }),
        headers: { 'content-type': 'application/json' },
      }).catch(() => undefined)
      if (response?.status !== 201) {
        if (response !== undefined) refused.push(response.status)
        return
      }
      acknowledged.push([name, record])
    }),
  )
  return { acknowledged, refused }
}

async function expectKept(dataDir: string, acknowledged: readonly Signed[]): Promise<void> {
  await using directory = await startDirectory({ dataDir, port: 0 })
  for (const [name, record] of acknowledged) {
    const answer = await fetch(`${directory.url}/v1/users/${name}`)
    expect(User.parse(await answer.json())).toMatchObject({ name, record, status: 'offline' })
  }
}

describe('what was acknowledged', () => {
  test('survives a disk that fails; then nothing more is acknowledged, and the program ends with 74', async () => {
    await using place = await scratch()
    const args = ['--port', '0', '--data-dir', place.dir]
    await using directory = new SpawnedDirectory(args, { maxFileKiB: 400 })
    const url = await directory.url()

    const { acknowledged, refused } = await burst(url, await people(url, 'user', 300))
    const { exitCode, stderr } = await directory.ended

    expect(exitCode).toBe(74)
    expect(stderr).toContain('SQLITE_IOERR')
    expect(acknowledged.length).toBeLessThan(300)
    for (const status of refused) expect(status).toBe(503)
    await expectKept(place.dir, acknowledged)
  })
})
