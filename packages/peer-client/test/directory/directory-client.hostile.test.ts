import { createServer, type Server, type Socket } from 'node:net'
import { audienceOf } from '@parley/shared/hashes.ts'
import { DeviceKey, DirectoryKey, foldName } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { MAX_DIRECTORY_ANSWER_BYTES } from '@parley/shared/limits.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signRetirement } from '@parley/shared/signed/retirement.ts'
import { expect, test } from 'vitest'
import type { Identity } from '#identity/identity.ts'
import { clientOf, memoryPin } from '../support/clients.ts'
import { json, problem, recordOf, startHostileDirectory, statementOf, userOf } from '../support/hostile-directory.ts'
import { identityOf } from '../support/identities.ts'

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

test('what owners signed is handed out, and what the directory observed stands apart from it', async () => {
  await using directory = await startHostileDirectory()
  const [alice, bob] = [await identityOf('alice'), await identityOf('Bob')]
  const seen = { status: 'offline', lastSeen: 1_000, observedAddress: '192.0.2.7', logIndex: 3 }
  const user = await userOf(bob, directory.audience, seen)
  directory.answer((_, response) => json(response, 200, user))
  using client = clientOf(alice, directory.url)
  const found = await client.lookup(bob.name)
  expect(found?.account.record).toMatchObject({ accountId: bob.accountId, displayName: 'Bob' })
  expect(found?.account.devices.map((device) => device.deviceKey)).toEqual([bob.device.publicKey])
  expect(found?.statements[0]?.endpoints).toEqual([{ transport: 'tcp', host: '127.0.0.1', port: 8000 }])
  expect(found?.observed).toEqual({
    status: 'offline',
    lastSeen: 1_000,
    address: '192.0.2.7',
    logIndex: 3,
    isExpired: false,
  })
  expect(client.route).toEqual({ localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' })
})

test('the clock of the directory decides whether a record has expired', async () => {
  await using directory = await startHostileDirectory()
  const bob = await identityOf('bob')
  const expiresAt = Date.parse('2030-01-01T00:00:00Z')
  const user = await userOf(bob, directory.audience, { record: await recordOf(bob, directory.audience, { expiresAt }) })
  let date = ''
  directory.answer((_, response) => {
    response.sendDate = false
    response.setHeader('date', date)
    json(response, 200, user)
  })
  using client = clientOf(bob, directory.url, { now: () => Date.parse('2040-01-01T00:00:00Z') })
  date = 'Mon, 31 Dec 2029 23:59:59 GMT'
  expect((await client.lookup(bob.name))?.observed.isExpired).toBe(false)
  date = 'Tue, 01 Jan 2030 00:00:00 GMT'
  expect((await client.lookup(bob.name))?.observed.isExpired).toBe(true)
})

test('nothing that the owner did not sign so is believed, and the error names the lie', async () => {
  await using directory = await startHostileDirectory()
  const { audience } = directory
  const [alice, bob, mallory] = [await identityOf('alice'), await identityOf('bob'), await identityOf('mallory')]
  const elsewhere = audienceOf(generateKeyPair(DirectoryKey).publicKey)
  const cut = (jws: string) => `${jws.slice(0, -6)}AAAAAA`
  const record = await recordOf(bob, audience)
  const statement = await statementOf(bob, audience)
  const lies: [string, object][] = [
    ['the record of another name', { record: await recordOf(bob, audience, { name: mallory.name }) }],
    ['the record of another account', { record: await recordOf({ ...mallory, name: bob.name }, audience) }],
    ['another accountId beside the record', { accountId: mallory.accountId }],
    ['another name beside the record', { name: mallory.name }],
    ['a record for another directory', { record: await recordOf(bob, elsewhere) }],
    ['a broken signature', { record: cut(record) }],
    [
      'a record signed by another key',
      { record: await recordOf({ ...bob, account: mallory.account }, audience, { accountKey: bob.account.publicKey }) },
    ],
    [
      'an account key that the account never had',
      { record: await recordOf({ ...bob, account: mallory.account }, audience) },
    ],
    [
      'a device certified by another account',
      { record: await recordOf(bob, audience, { devices: [mallory.certificate] }) },
    ],
    ['a device twice', { record: await recordOf(bob, audience, { devices: [bob.certificate, bob.certificate] }) }],
    ['a statement in the place of the record', { record: statement }],
    ['a broken statement', { devices: [cut(statement)] }],
    ['a statement for another directory', { devices: [await statementOf(bob, elsewhere)] }],
    [
      'the statement of a foreign device',
      { devices: [await statementOf(mallory, audience, { accountId: bob.accountId })] },
    ],
    [
      'a statement for another account',
      { devices: [await statementOf(bob, audience, { accountId: mallory.accountId })] },
    ],
    ['two statements of one device', { devices: [statement, await statementOf(bob, audience, { seq: 2 })] }],
    ['the record in the place of a statement', { devices: [record] }],
    [
      'the statement of a revoked device',
      { record: await recordOf(bob, audience, { revoked: [bob.device.publicKey] }) },
    ],
  ]
  using client = clientOf(alice, directory.url)
  for (const [what, otherwise] of lies) {
    const user = await userOf(bob, audience, otherwise)
    directory.answer((_, response) => json(response, 200, user))
    const error = await failure(client.lookup(bob.name))
    expect([what, error]).toEqual([what, expect.objectContaining({ name: 'DirectoryError', code: 'forged' })])
    expect(error).toMatchObject({ message: expect.stringContaining('answered for bob with'), isTemporary: false })
  }
  const user = await userOf(bob, audience)
  directory.answer((_, response) => json(response, 200, user))
  expect((await client.lookup(bob.name))?.account.record.accountId).toBe(bob.accountId)
})

test('the key of the directory is pinned on first use, and another key is refused wherever it shows', async () => {
  await using directory = await startHostileDirectory()
  const alice = await identityOf('alice')
  const pin = memoryPin()
  using first = clientOf(alice, directory.url, { pin })
  await first.info()
  expect(pin.get()).toBe(directory.key)

  const { publicKey } = generateKeyPair(DirectoryKey)
  const impostor = audienceOf(publicKey)
  const user = await userOf(alice, impostor)
  directory.answer((_, response) => json(response, 200, user))
  // Still the old key in its own words, but records for another: the records are the lie.
  expect(await failure(first.lookup(alice.name))).toMatchObject({ code: 'forged' })
  directory.key = publicKey
  expect(await failure(first.lookup(alice.name))).toMatchObject({ code: 'directory-key-changed' })
  expect(await failure(first.info())).toMatchObject({ code: 'directory-key-changed' })
  directory.answer((_, response) => problem(response, 400, 'wrong-audience'))
  expect(await failure(first.publishStatement({ endpoints: [], features: [] }))).toMatchObject({
    code: 'directory-key-changed',
  })
  using second = clientOf(alice, directory.url, { pin })
  expect(await failure(second.lookup(alice.name))).toMatchObject({ code: 'directory-key-changed' })
  expect(await failure(second.publishRecord())).toMatchObject({ code: 'directory-key-changed' })
  expect(pin.get()).not.toBe(publicKey)
})

test('an answer that is not of the API is told apart from a refusal and from a directory that is away', async () => {
  await using directory = await startHostileDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  await client.info()
  const text = (status: number, body: string) => () =>
    directory.answer((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end(body))
  const cases: [() => void, object][] = [
    [text(200, '<html>Please log in</html>'), { code: 'not-a-directory', isTemporary: true }],
    [text(200, ''), { code: 'not-a-directory' }],
    [text(200, '{"users":[],"users":[]}'), { code: 'not-a-directory' }],
    [text(200, '['.repeat(100_000) + ']'.repeat(100_000)), { code: 'not-a-directory' }],
    [text(200, '{"users":[{"name":"x"}]}'), { code: 'not-a-directory' }],
    [text(302, ''), { code: 'not-a-directory' }],
    [text(404, 'no such page'), { code: 'not-a-directory', isTemporary: true }],
    [text(502, 'Bad Gateway'), { code: 'unreachable', isTemporary: true }],
    [
      () => directory.answer((_, response) => problem(response, 503, 'unavailable')),
      { code: 'problem', isTemporary: true },
    ],
    [
      () => directory.answer((_, response) => problem(response, 400, 'bad-query', { detail: 'no such parameter' })),
      { code: 'problem', isTemporary: false, message: 'no such parameter', problem: { code: 'bad-query' } },
    ],
  ]
  for (const [prepare, expected] of cases) {
    prepare()
    expect(await failure(client.list())).toMatchObject({ name: 'DirectoryError', ...expected })
  }
})

test('an answer without end is cut off at its maximum, announced or not', async () => {
  await using directory = await startHostileDirectory()
  using client = clientOf(await identityOf('alice'), directory.url)
  await client.info()
  for (const headers of [{}, { 'content-length': 10 * MAX_DIRECTORY_ANSWER_BYTES }]) {
    const cutOff = Promise.withResolvers<void>()
    directory.answer((_, response) => {
      response.writeHead(200, headers)
      const chunk = Buffer.alloc(64 * 1024, ' ')
      const pump = () => {
        while (!response.destroyed && response.write(chunk)) {}
      }
      response
        .on('drain', pump)
        .on('error', () => {})
        .on('close', () => cutOff.resolve())
      pump()
    })
    expect(await failure(client.list())).toMatchObject({ code: 'not-a-directory' })
    await cutOff.promise
  }
})

test('a directory that is silent, slow, gone or torn off in an answer is a named error within the time-out', async () => {
  const sockets = new Set<Socket>()
  const listen = (onSocket: (socket: Socket) => void) =>
    new Promise<Server>((resolve) => {
      const server = createServer((socket) => {
        sockets.add(socket.on('error', () => {}))
        onSocket(socket)
      }).listen(0, '127.0.0.1', () => resolve(server))
    })
  const alice = await identityOf('alice')
  const behaviours: [(socket: Socket) => void, string][] = [
    [() => {}, 'timed-out'],
    [
      (socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{')),
      'timed-out',
    ],
    [
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{')),
      'unreachable',
    ],
    [(socket) => socket.once('data', () => socket.destroy()), 'unreachable'],
    [(socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')), 'unreachable'],
    [
      (socket) => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}`)),
      'unreachable',
    ],
  ]
  for (const [behaviour, code] of behaviours) {
    const server = await listen(behaviour)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    using client = clientOf(alice, `http://127.0.0.1:${port}`, { timeoutMs: 300 })
    expect(await failure(client.info())).toMatchObject({ name: 'DirectoryError', code, isTemporary: true })
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    expect(await failure(client.info())).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  }
})

test('a signal ends a call with its own reason, and closing ends the calls under way', async () => {
  await using directory = await startHostileDirectory()
  using client = clientOf(await identityOf('alice'), directory.url)
  await client.info()
  const asked = Promise.withResolvers<void>()
  directory.answer(() => asked.resolve())
  const abort = new AbortController()
  const aborted = failure(client.list({ signal: abort.signal }))
  await asked.promise
  const reason = new Error('enough')
  abort.abort(reason)
  expect(await aborted).toBe(reason)
  expect(await failure(client.list({ signal: abort.signal }))).toBe(reason)

  const askedAgain = Promise.withResolvers<void>()
  directory.answer(() => askedAgain.resolve())
  const closed = failure(client.list())
  await askedAgain.promise
  client.close()
  client.close()
  expect(await closed).toMatchObject({ code: 'closed', isTemporary: false })
  expect(await failure(client.list())).toMatchObject({ code: 'closed' })
})

test('a kept connection that the directory closed is not taken for a failure', async () => {
  await using directory = await startHostileDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  await client.info()
  let drop = true
  directory.answer((request, response) => {
    if (drop) request.socket.resetAndDestroy()
    else json(response, 200, { users: [] })
    drop = false
  })
  expect(await client.list()).toEqual({ users: [] })
})

test('a directory below a path of its server is asked below that path', async () => {
  await using directory = await startHostileDirectory()
  using client = clientOf(await identityOf('alice'), `${directory.url}/parley/`)
  directory.answer((_, response) =>
    json(response, 200, { directoryKey: directory.key, versions: [], features: [], limits: {} }),
  )
  await client.info()
  expect(directory.requests).toEqual(['GET /parley/v1'])
})

test('one retry above the number that the directory names, and no more', async () => {
  await using directory = await startHostileDirectory()
  using client = clientOf(await identityOf('alice'), directory.url, { now: () => 5 })
  directory.answer((_, response) => problem(response, 409, 'stale-seq', { current: 1_000 }))
  expect(await failure(client.publishStatement({ endpoints: [], features: [] }))).toMatchObject({
    code: 'problem',
    problem: { code: 'stale-seq', current: 1_000 },
  })
  expect(directory.requests).toHaveLength(3)
})

test('my name is not mine when another account, a newer key or a revocation stands in the directory', async () => {
  await using directory = await startHostileDirectory()
  const { audience } = directory
  const [alice, other] = [await identityOf('alice'), await identityOf('alice')]
  using client = clientOf(alice, directory.url)
  const serve = async (identity: Identity, record?: string) => {
    const user = await userOf(identity, audience, { devices: [], ...(record === undefined ? {} : { record }) })
    directory.answer((_, response) => json(response, 200, user))
  }
  await serve(other)
  expect(await failure(client.publishRecord())).toMatchObject({ code: 'name-taken' })
  await serve(alice, await recordOf(alice, audience, { revoked: [alice.device.publicKey] }))
  expect(await failure(client.publishRecord())).toMatchObject({ code: 'device-revoked' })
  await serve(alice, await recordOf(alice, audience, { devices: await manyDevices(alice, 8) }))
  expect(await failure(client.publishRecord())).toMatchObject({ code: 'too-many-devices' })
  expect(directory.requests.filter((request) => !request.startsWith('GET'))).toEqual([])
})

async function manyDevices(identity: Identity, count: number) {
  return Promise.all(
    Array.from({ length: count }, () =>
      signDeviceCertificate(
        {
          accountId: identity.accountId,
          accountKey: identity.account.publicKey,
          deviceKey: generateKeyPair(DeviceKey).publicKey,
          signalIdentity: identity.signalIdentity.publicKey,
          issuedAt: Date.now(),
        },
        identity.account.privateKey,
      ),
    ),
  )
}

test('a claim that finds nothing is no error, and any other refusal is', async () => {
  await using directory = await startHostileDirectory()
  const alice = await identityOf('alice')
  using client = clientOf(alice, directory.url)
  const device = generateKeyPair(DeviceKey).publicKey
  const name = foldName('bob') ?? alice.name
  for (const code of ['no-prekeys', 'unknown-device', 'unknown-name']) {
    directory.answer((_, response) => problem(response, 404, code))
    expect(await client.claimPrekeys(name, device)).toBeUndefined()
  }
  directory.answer((_, response) => problem(response, 401, 'not-a-user'))
  expect(await failure(client.claimPrekeys(name, device))).toMatchObject({ problem: { code: 'not-a-user' } })
})

test('a directory cannot send anybody from one name to another account', async () => {
  await using directory = await startHostileDirectory()
  const [alice, mallory] = [await identityOf('alice'), await identityOf('mallory')]
  const aud = directory.audience
  const retired = (by: Identity, otherwise: Partial<Parameters<typeof signRetirement>[0]> = {}) =>
    signRetirement(
      { aud, accountId: by.accountId, name: alice.name, seq: 2, movedTo: mallory.name, issuedAt: 0, ...otherwise },
      by.account.privateKey,
    )
  const user = await userOf(mallory, aud)
  const answerWith = (retirement: string, movedTo: string = mallory.name) =>
    directory.answer((request, response) => {
      if (request.url === '/v1/users/mallory') json(response, 200, user)
      else problem(response, 404, 'unknown-name', { movedTo, retirement })
    })
  using client = clientOf(await identityOf('reader'), directory.url)

  for (const retirement of [
    // She moved there, but the account there is not hers.
    await retired(alice),
    await retired(alice, { accountId: mallory.accountId }),
    // He gave up another name, went somewhere else, or said it to another directory.
    await retired(mallory, { name: mallory.name }),
    await retired(mallory, { movedTo: alice.name }),
    await retired(mallory, { aud: audienceOf(generateKeyPair(DirectoryKey).publicKey) }),
    await recordOf(mallory, aud),
  ]) {
    answerWith(retirement)
    expect(await failure(client.follow(alice.name))).toMatchObject({ code: 'forged' })
  }
  answerWith(await retired(mallory))
  expect(await client.follow(alice.name)).toMatchObject({ movedFrom: ['alice'] })
  // In a circle there is nobody.
  answerWith(await retired(alice), alice.name)
  expect(await client.follow(alice.name)).toBeUndefined()
  expect(directory.requests.length).toBeLessThan(30)
})
