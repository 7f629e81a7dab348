import { Agent } from 'node:http'
import { expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import { TestDirectory } from './support/test-directory.ts'

const ROUNDS = 50
const ACCOUNTS = 100
const PATIENCE_MS = 300_000

test(
  'of 100 accounts that race for one name exactly one gets it, 50 times of 50',
  async () => {
    // While the next round is being signed the connections rest; on a slow machine for longer than the directory waits.
    await using directory = await TestDirectory.start({ limit: { KEEP_ALIVE_TIMEOUT_MS: 60_000 } })
    const accounts = Array.from({ length: ACCOUNTS }, (_, index) => directory.person(`racer-${index}`))
    const certificates = await Promise.all(accounts.map((account) => account.certificate(account.device)))
    const agent = new Agent({ keepAlive: true })

    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `prize-${round}`
      const records = await Promise.all(
        accounts.map((account, index) =>
          directory.person(name, account).record({ devices: certificates.slice(index, index + 1) }),
        ),
      )

      const answers = await Promise.all(
        records.map((record) =>
          ask(directory.url, { method: 'PUT', path: `/v1/users/${name}`, body: { record }, agent }),
        ),
      )

      const winner = answers.findIndex(({ status }) => status === 201)
      const others = answers.toSpliced(winner, 1).map(({ status, body }) => ({ status, body }))
      expect(others).toEqual(
        Array(ACCOUNTS - 1).fill({ status: 409, body: expect.objectContaining({ code: 'name-taken' }) }),
      )
      expect(await directory.user(name)).toMatchObject({ record: records[winner], logIndex: round })
    }
    agent.destroy()
  },
  PATIENCE_MS,
)
