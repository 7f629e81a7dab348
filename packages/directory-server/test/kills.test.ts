import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { ClaimedPrekeys } from '@parley/shared/directory-api/prekeys.ts'
import { DirectoryInfo, User, UsersPage } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import type { Digest } from '@parley/shared/ids.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { Person, prekeyBatch } from './support/people.ts'
import { SpawnedDirectory, scratch } from './support/spawned-directory.ts'

/** The same seed kills at the same counts. `PARLEY_E2E_SEED` asks for others than usual. */
const SEED = process.env['PARLEY_E2E_SEED'] ?? '1'
const KILLS = 6
const BURST = 200
const PREKEYS = 100
const CLAIMANTS = 10
const PATIENCE_MS = 240_000

/** From 1 to `most`, by the seed. */
function countBefore(what: string, round: number, most: number): number {
  return 1 + (createHash('sha256').update(`${SEED} ${what} ${round}`).digest().readUInt32BE() % most)
}

function start(dataDir: string): SpawnedDirectory {
  return new SpawnedDirectory(['--port', '0', '--data-dir', dataDir, '--log-level', 'silent'])
}

async function audienceAt(url: string): Promise<Digest> {
  return audienceOf(DirectoryInfo.parse(await (await fetch(`${url}/v1`)).json()).directoryKey)
}

/** Undefined when the connection broke: the directory died before it answered. */
async function send(method: string, url: string, body: object): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method, body: JSON.stringify(body), headers })
    return { status: response.status, body: await response.json() }
  } catch {
    return undefined
  }
}

async function everybody(url: string): Promise<User[]> {
  const users: User[] = []
  let cursor = ''
  do {
    const page = UsersPage.parse(await (await fetch(`${url}/v1/users?limit=200${cursor}`)).json())
    for (const { name } of page.users) users.push(User.parse(await (await fetch(`${url}/v1/users/${name}`)).json()))
    cursor = page.next === undefined ? '' : `&cursor=${page.next}`
  } while (cursor !== '')
  return users
}

describe('a directory that is killed again and again', () => {
  test(
    'keeps every registration that it acknowledged, and invents none',
    async () => {
      await using place = await scratch()
      const sent = new Map<string, Jws>()
      const acknowledged = new Map<string, Jws>()
      for (let round = 0; round < KILLS; round += 1) {
        await using directory = start(place.dir)
        const url = await directory.url()
        const audience = await audienceAt(url)
        const names = Array.from({ length: BURST }, (_, index) => `r${round}-${index}`)
        for (const name of names) sent.set(name, await new Person({ name, audience }).record())
        const killAfter = countBefore('registrations', round, BURST * 0.75)
        let count = 0

        await Promise.all(
          names.map(async (name) => {
            const record = sent.get(name)
            if (record === undefined) throw new Error('every name has a record')
            const answer = await send('PUT', `${url}/v1/users/${name}`, { record })
            if (answer === undefined) return
            expect(answer.status).toBe(201)
            acknowledged.set(name, record)
            count += 1
            if (count === killAfter) void directory.kill('SIGKILL')
          }),
        )
        expect(await directory.ended).toMatchObject({ signal: 'SIGKILL' })
        expect(count).toBeGreaterThanOrEqual(killAfter)
      }

      await using directory = start(place.dir)
      const users = await everybody(await directory.url())
      const held = new Map(users.map(({ name, record }) => [name as string, record]))
      for (const [name, record] of acknowledged) expect([name, held.get(name)]).toEqual([name, record])
      for (const [name, record] of held) expect([name, sent.get(name)]).toEqual([name, record])
      // The log has each of them once, without a gap, and nothing else.
      const indexes = users.map(({ logIndex }) => logIndex).toSorted((a, b) => a - b)
      expect(indexes).toEqual(users.map((_, index) => index))
      expect(users.every(({ status }) => status === 'offline')).toBe(true)
    },
    PATIENCE_MS,
  )

  test(
    'hands out no one-time prekey twice',
    async () => {
      await using place = await scratch()
      const taken: number[] = []
      let people: Person[] = []
      let path = ''
      let kills = 0
      let isExhausted = false
      for (let round = 0; !isExhausted; round += 1) {
        await using directory = start(place.dir)
        const url = await directory.url()
        if (round === 0) {
          const audience = await audienceAt(url)
          people = Array.from({ length: CLAIMANTS + 1 }, (_, index) => new Person({ name: `p${index}`, audience }))
          for (const person of people) {
            await send('PUT', `${url}/v1/users/${person.name}`, { record: await person.record() })
          }
          path = `/v1/users/p0/devices/${people[0]?.device.id}/prekeys`
          const prekeys = JSON.stringify(prekeyBatch(PREKEYS))
          const upload = await people[0]?.upload(prekeys)
          expect(await send('PUT', url + path, { upload, prekeys })).toMatchObject({ body: { oneTime: PREKEYS } })
        }
        const [owner, ...claimants] = people
        if (owner === undefined) throw new Error('nobody to claim from')
        const killAfter =
          round < KILLS ? countBefore('claims', round, Math.floor(PREKEYS / KILLS / 2)) : Number.POSITIVE_INFINITY
        let count = 0
        // Each claims one after the other, as its numbers have to rise, and all of them at once.
        await Promise.all(
          claimants.map(async (claimant) => {
            for (;;) {
              const answer = await send('POST', `${url}${path}/claim`, { claim: await claimant.claim(owner.device.id) })
              if (answer === undefined) return
              expect(answer.status).toBe(200)
              const { curve } = ClaimedPrekeys.parse(answer.body).bundle
              if (curve === undefined) {
                isExhausted = true
                return
              }
              taken.push(curve.id)
              count += 1
              if (count === killAfter) void directory.kill('SIGKILL')
            }
          }),
        )
        if (!isExhausted) {
          expect(await directory.ended).toMatchObject({ signal: 'SIGKILL' })
          kills += 1
        }
      }

      expect(kills).toBeGreaterThan(1)
      expect(taken.length).toBeLessThanOrEqual(PREKEYS)
      expect(new Set(taken).size).toBe(taken.length)
      // What was handed out and never arrived is lost; that is at most what was under way at the kills.
      expect(taken.length).toBeGreaterThanOrEqual(PREKEYS - kills * CLAIMANTS)
    },
    PATIENCE_MS,
  )
})
