import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPeer } from '@parley/peer-client'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { writeCertificate } from '../support/certificate.ts'
import { startParley } from '../support/command-line.ts'
import { commandsIn, startHere, USUAL } from '../support/daemon-here.ts'
import { startDirectory } from '../support/running-directory.ts'
import { tempDirectory } from '../support/temp-directory.ts'

async function town() {
  await using scope = new AsyncDisposableStack()
  const { path: home } = scope.use(await tempDirectory())
  const [tlsCert, tlsKey] = [join(home, 'cert.pem'), join(home, 'key.pem')]
  await writeCertificate(tlsCert, tlsKey)
  const { url } = scope.use(await startDirectory({ tlsCert, tlsKey }))
  const all = scope.move()
  const environment = { XDG_DATA_HOME: home }
  return { home, url, tlsCert, tlsKey, environment, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

test('peers that trust the certificate find each other over https, are online over wss, and talk', async () => {
  await using t = await town()
  expect(t.url).toMatch(/^https:/)
  const at = ['--directory', t.url]
  // Both ways to trust it: our own, and that of Node, which it reads when a process begins.
  const environment = { ...t.environment, NODE_EXTRA_CA_CERTS: t.tlsCert }
  await using bob = startParley([...USUAL, '--name', 'bob', ...at], { environment })
  await using alice = await startHere(t.environment, '--name', 'alice', ...at, '--directory-ca', t.tlsCert)
  await bob.line(/^bob is ready/)
  for (const name of ['alice', 'bob']) {
    const isSeen = async () => (await alice.client.find(name)).some(({ status }) => status === 'online')
    while (!(await isSeen().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  const atBob = (...args: string[]) => commandsIn(t.environment)(...args, '--name', 'bob')
  expect((await atBob('find', 'alice')).out).toMatch(/^alice +alice +online/m)
  await alice.say('bob', 'over a directory that is encrypted')
  expect((await atBob('history', 'alice')).out).toContain('over a directory that is encrypted')
})

test('a peer that does not trust the certificate says so, and what to do', async () => {
  await using t = await town()
  const other = join(t.home, 'other.pem')
  await writeCertificate(other, join(t.home, 'other-key.pem'))
  const logOf = async (name: string, directoryCa?: string) => {
    const logged = Promise.withResolvers<string>()
    const log = pino({}, { write: (line: string) => line.includes('certificate') && logged.resolve(line) })
    const options = { name, profile: join(t.home, name), directory: t.url, directoryCa, log }
    await using _ = await createPeer(options).start()
    return await logged.promise
  }
  expect(await logOf('carol')).toMatch(
    /its certificate is not trusted, DEPTH_ZERO_SELF_SIGNED_CERT.*--directory-ca FILE/,
  )
  expect(await logOf('dave', await readFile(other, 'utf8'))).toContain('its certificate is not trusted')

  const start = (name: string, ca: string) =>
    commandsIn(t.environment)(...USUAL, '--name', name, '--directory', t.url, '--directory-ca', ca)
  expect(await start('erin', `${t.tlsCert}.missing`)).toMatchObject({ code: 74, out: '' })
  expect(await start('frank', t.tlsKey)).toMatchObject({
    code: 64,
    err: expect.stringContaining('does not begin with a PEM certificate'),
  })
})
