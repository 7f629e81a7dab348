import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { writeCertificate } from '#certificate.ts'
import { eventually } from '#eventually.ts'
import { readJson } from '#json-lines.ts'
import { PeerProgram } from '#peer-program.ts'
import { SharedStage } from '#shared-stage.ts'
import { COMMAND, type Stage } from '#stage.ts'

const Ready = z.object({ event: z.literal('ready'), url: z.url() })

const shared = new SharedStage(async (stage) => {
  const [cert, key] = [stage.path('cert.pem'), stage.path('key.pem')]
  await writeCertificate(cert, key)
  const args = ['--json', '--port', '0', '--data-dir', stage.path('data'), '--tls-cert', cert, '--tls-key', key]
  const directory = stage.run({ name: 'directory', command: [...COMMAND.directory, ...args] })
  const { url } = await directory.line((line) => readJson(line, Ready))
  return { url, cert }
})

afterAll(() => shared[Symbol.asyncDispose]())

function startPeer(stage: Stage, name: string, flags: readonly string[]) {
  const args = ['start', '--name', name, '--port', '0', '--api-port', '0', '--json', ...flags]
  return stage.run({ name: `parley start ${name}`, command: [...COMMAND.parley, ...args] })
}

test(
  'peers that trust the certificate find each other over https, are online over wss, and talk',
  shared.with(async ({ url, cert }, stage) => {
    expect(url).toMatch(/^https:/)
    // Both ways to trust it: our own, and that of Node.
    const [alice, bob] = await Promise.all([
      PeerProgram.start(stage, { name: 'alice', directory: url, flags: ['--directory-ca', cert] }),
      PeerProgram.start(stage, { name: 'bob', directory: url, env: { NODE_EXTRA_CA_CERTS: cert } }),
    ])
    for (const [one, other] of [
      [alice, 'bob'],
      [bob, 'alice'],
    ] as const) {
      const api = await one.api()
      await eventually(
        `${other} is seen online`,
        async () => (await api.find(other)).some(({ status }) => status === 'online') || undefined,
      )
    }
    await alice.say('bob', 'over a directory that is encrypted')
    expect(await bob.said('alice')).toEqual(['in over a directory that is encrypted'])
  }),
)

test(
  'a peer that does not trust the certificate says so, and what to do',
  shared.with(async ({ url, cert }, stage) => {
    const carol = startPeer(stage, 'carol', ['--directory', url])
    await carol.logged(/its certificate is not trusted, DEPTH_ZERO_SELF_SIGNED_CERT.*--directory-ca FILE/)

    await writeCertificate(stage.path('other.pem'), stage.path('other-key.pem'))
    const dave = startPeer(stage, 'dave', ['--directory', url, '--directory-ca', stage.path('other.pem')])
    await dave.logged('its certificate is not trusted')
    const erin = startPeer(stage, 'erin', ['--directory', url, '--directory-ca', `${cert}.missing`])
    expect(await erin.exit()).toMatchObject({ exitCode: 74, stdout: '' })
    const frank = startPeer(stage, 'frank', ['--directory', url, '--directory-ca', stage.path('key.pem')])
    expect(await frank.exit()).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('does not begin with a PEM certificate'),
    })
  }),
)
