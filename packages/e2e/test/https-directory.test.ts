import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { writeCertificate } from '#certificate.ts'
import { eventually } from '#eventually.ts'
import { readJson } from '#json-lines.ts'
import { COMMAND, onStage, type Stage } from '#stage.ts'

const Ready = z.object({ event: z.literal('ready'), url: z.url() })
const Started = z.object({ event: z.literal('ready'), profile: z.string() })

async function startDirectory(stage: Stage): Promise<{ url: string; cert: string }> {
  const [cert, key] = [stage.path('cert.pem'), stage.path('key.pem')]
  await writeCertificate(cert, key)
  const args = ['--json', '--port', '0', '--data-dir', stage.path('data'), '--tls-cert', cert, '--tls-key', key]
  const directory = stage.run({ name: 'directory', command: [...COMMAND.directory, ...args] })
  const { url } = await directory.line((line) => readJson(line, Ready))
  return { url, cert }
}

function startPeer(stage: Stage, name: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const args = ['start', '--name', name, '--port', '0', '--api-port', '0', '--json', ...flags]
  return stage.run({ name: `parley start ${name}`, command: [...COMMAND.parley, ...args], env })
}

test(
  'peers that trust the certificate find each other over https, are online over wss, and talk',
  onStage(async (stage) => {
    const { url, cert } = await startDirectory(stage)
    expect(url).toMatch(/^https:/)
    // Both ways to trust it: our own, and that of Node.
    const alice = startPeer(stage, 'alice', ['--directory', url, '--directory-ca', cert])
    const bob = startPeer(stage, 'bob', ['--directory', url], { NODE_EXTRA_CA_CERTS: cert })
    await Promise.all([alice, bob].map((peer) => peer.line((line) => readJson(line, Started))))

    for (const [who, whom] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ] as const) {
      await eventually(`${who} sees ${whom} online`, async () => {
        const found = await stage.parley(['find', whom, '--name', who])
        return / online/.test(found.stdout) || undefined
      })
    }
    const sent = await stage.parley([
      'send',
      'bob',
      'over a directory that is encrypted',
      '--name',
      'alice',
      '--wait',
      'delivered',
    ])
    expect(sent).toMatchObject({ exitCode: 0 })
    const history = await stage.parley(['history', 'alice', '--name', 'bob'])
    expect(history.stdout).toContain('over a directory that is encrypted')
  }),
)

test(
  'a peer that does not trust the certificate says so, and what to do',
  onStage(async (stage) => {
    const { url, cert } = await startDirectory(stage)
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
