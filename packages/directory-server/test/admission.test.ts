import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { explain } from '#cli/explain.ts'
import { type DirectoryOptions, startDirectory } from '#directory-server.ts'
import { ask } from './support/ask.ts'
import type { Person } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { scratch } from './support/spawned-directory.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

async function register(directory: TestDirectory, person: Person, authorization?: string) {
  const record = await person.record()
  const answer = await ask(directory.url, {
    method: 'PUT',
    path: `/v1/users/${person.name}`,
    body: { record },
    ...(authorization !== undefined && { headers: { authorization } }),
  })
  if (answer.status === 201) person.accepted(record)
  return answer
}

describe('a registration token', () => {
  test('is needed for a new name, and for nothing else', async () => {
    await using directory = await TestDirectory.start({ registrationToken: 'open-sesame' })
    const alice = directory.person('alice')

    const missing = await register(directory, alice)
    expect(missing).toMatchObject({ ...refusal(401, 'registration-token'), headers: { 'www-authenticate': 'Bearer' } })
    expect(JSON.stringify(missing.body)).not.toContain('open-sesame')
    for (const wrong of [
      'Bearer wrong',
      'Bearer open-sesam',
      'Bearer open-sesame2',
      'Basic open-sesame',
      'Bearer',
      '',
    ]) {
      expect(await register(directory, alice, wrong)).toMatchObject(refusal(401, 'registration-token'))
    }
    expect(await register(directory, alice, 'bearer open-sesame')).toMatchObject({ status: 201 })

    await directory.publish(alice)
    await using _visit = await PresenceClient.enter(directory.url, alice)
    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    expect(await directory.get('/v1')).toMatchObject({
      body: { features: expect.arrayContaining(['registration-token']) },
    })
    expect(directory.dropped()).toEqual({ 'registration-token': 7 })
  })

  test('comes from a file, and is shown nowhere', async () => {
    await using place = await scratch()
    const file = join(place.dir, 'token')
    await writeFile(file, 'open-sesame\n', { mode: 0o600 })
    let logged = ''
    const write = (line: string) => {
      logged += line
    }
    const log = pino({ level: 'trace' }, { write })
    await using directory = await TestDirectory.start({ registrationTokenFile: file, log })
    const put = { method: 'PUT', path: '/v1/users/alice', body: {} }
    const headers = { authorization: 'Bearer open-sesame' }

    expect(await ask(directory.url, put)).toMatchObject({ status: 401 })
    expect(await ask(directory.url, { ...put, headers })).toMatchObject({ status: 400 })
    await directory.stop()
    expect(logged).not.toContain('sesame')
    expect(logged).toContain('"closed":["registration-token"]')
    // Each request has its line, so it would be there.
    expect(logged).toContain('/v1/users/')
  })

  test.each([
    ['both settings at once', { registrationToken: 'a', registrationTokenFile: 'b' }, 'bad-registration-token'],
    ['a file that is not there', { registrationTokenFile: '/nonexistent/token' }, 'bad-registration-token'],
    ['a text with spaces', { registrationToken: 'open sesame' }, 'bad-registration-token'],
  ])('is refused at the start: %s', async (_, options, code) => {
    await expect(TestDirectory.start(options)).rejects.toMatchObject({ name: 'AdmissionError', code })
  })

  test('is refused when others can read its file', async () => {
    await using place = await scratch()
    const registrationTokenFile = join(place.dir, 'token')
    await writeFile(registrationTokenFile, 'open-sesame')
    await chmod(registrationTokenFile, 0o604)

    await expect(TestDirectory.start({ registrationTokenFile })).rejects.toMatchObject({ code: 'unsafe-token-file' })
  })
})

describe('an allow list', () => {
  test('lets in names and accounts, follows its file, and keeps the old one when that is broken', async () => {
    await using place = await scratch()
    const allowList = join(place.dir, 'list')
    await writeFile(allowList, '# friends\n  Alice   # folded\n\n')
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const dataDir = join(place.dir, 'data')
    await using running = await startDirectory({ dataDir, port: 0, allowList, log } satisfies DirectoryOptions)
    await using other = await TestDirectory.start()
    const person = (name: string) => other.person(name)
    const put = async (someone: Person) =>
      await ask(running.url, {
        method: 'PUT',
        path: `/v1/users/${someone.name}`,
        body: { record: await someone.record() },
      })
    const bob = person('bob')

    // Signed for another directory: what is judged before the list is judged first.
    expect(await put(bob)).toMatchObject(refusal(400, 'wrong-audience'))
    expect(running.drops().get('allow-list')).toBe(0)
    await writeFile(allowList, 'not a name!\n')
    running.reload?.()
    expect(lines.join('')).toContain('the one before stays in use')
    expect(lines.join('')).toContain('line 1')
    await writeFile(allowList, `${bob.accountId}\ncarol`)
    running.reload?.()
    expect(lines.at(-1)).toContain('"entries":2')
  })

  test('is asked for a new name only', async () => {
    await using place = await scratch()
    const allowList = join(place.dir, 'list')
    await writeFile(allowList, 'alice\n')
    await using directory = await TestDirectory.start({ allowList })
    const alice = directory.person('alice')
    const bob = directory.person('bob')
    const carol = directory.person('carol')
    expect(await register(directory, alice)).toMatchObject({ status: 201 })
    expect(await register(directory, bob)).toMatchObject(refusal(403, 'not-listed'))
    expect(await directory.get('/v1/users/bob')).toMatchObject({ status: 404 })
    expect(directory.dropped()).toEqual({ 'allow-list': 1 })

    await writeFile(allowList, `${bob.accountId} # by account\n`)
    await directory.restart()
    expect(await register(directory, bob)).toMatchObject({ status: 201 })
    expect(await register(directory, carol)).toMatchObject(refusal(403, 'not-listed'))
    await directory.publish(alice)
    expect(await directory.get('/v1')).toMatchObject({ body: { features: expect.arrayContaining(['allow-list']) } })
  })

  test('that cannot be read ends the program with 64', async () => {
    await using place = await scratch()
    const allowList = join(place.dir, 'list')
    await writeFile(allowList, 'alice\nnot a name!\n')
    const refused = await startDirectory({ dataDir: join(place.dir, 'data'), port: 0, allowList }).then(
      () => undefined,
      (error: unknown) => error,
    )

    expect(explain(refused)).toEqual({ exitCode: 64, sentence: expect.stringContaining(`${allowList} line 2`) })
  })
})

test('a directory that is read-only refuses every change, and lookups and presence go on', async () => {
  await using directory = await TestDirectory.start()
  const alice = await directory.register('alice')
  await directory.restart({ readOnly: true })
  const device = `/v1/users/alice/devices/${alice.device.id}`
  const answers = [
    await directory.put('/v1/users/alice', { record: await alice.record() }),
    await directory.put('/v1/users/bob', { record: await directory.person('bob').record() }),
    await directory.put(device, { statement: await alice.statement() }),
    await directory.put(`${device}/prekeys`, {}),
    await directory.post(`${device}/prekeys/claim`, {}),
    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() }),
  ]

  for (const answer of answers) {
    expect(answer).toMatchObject(refusal(503, 'read-only'))
    expect(answer.headers.get('retry-after')).toBe('300')
  }
  await using _visit = await PresenceClient.enter(directory.url, alice)
  expect(await directory.user('alice')).toMatchObject({ status: 'online' })
  expect(await directory.get('/v1')).toMatchObject({ body: { features: expect.arrayContaining(['read-only']) } })
  expect(directory.dropped()).toEqual({ 'read-only': 6 })
})
