import { expect, test } from '@jest/globals'
import { DirectoryInfo, User } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import { Person } from './support/people.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

const ROUNDS = 50
const ACCOUNTS = 100
const PATIENCE_MS = 300_000
const PATIENT = 'KEEP_ALIVE_TIMEOUT_MS=60000'

test(
  'of 100 accounts that race for one name exactly one gets it, 50 times of 50',
  async () => {
    await using place = await scratch()
    // While the next round is being signed the connections rest; on a slow machine for longer than the directory waits.
    const args = ['--port', '0', '--data-dir', place.dir, '--log-level', 'silent', '--limit', PATIENT]
    await using directory = new SpawnedDirectory(args)
    const url = await directory.url()
    const { directoryKey } = DirectoryInfo.parse(await (await fetch(`${url}/v1`)).json())
    const audience = audienceOf(directoryKey)

    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `prize-${round}`
      const records = await Promise.all(Array.from({ length: ACCOUNTS }, () => new Person({ name, audience }).record()))

      const answers = await Promise.all(
        records.map(async (record) => {
          const response = await fetch(`${url}/v1/users/${name}`, {
            method: 'PUT',
            body: JSON.stringify({ record }),
            headers: { 'content-type': 'application/json' },
          })
          return { status: response.status, body: await response.json() }
        }),
      )

      const losers = answers.filter(({ status }) => status !== 201)
      expect(losers).toHaveLength(ACCOUNTS - 1)
      for (const loser of losers) expect(loser).toMatchObject({ status: 409, body: { code: 'name-taken' } })
      const winner = records[answers.findIndex(({ status }) => status === 201)]
      const held = User.parse(await (await fetch(`${url}/v1/users/${name}`)).json())
      expect(held).toMatchObject({ record: winner, logIndex: round })
    }
  },
  PATIENCE_MS,
)
