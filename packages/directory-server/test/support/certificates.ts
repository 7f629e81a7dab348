import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 60 * 60 * 1000

export interface CertificateFiles {
  readonly tlsCert: string
  readonly tlsKey: string
  readonly pem: string
}

/** A certificate for this machine that signs itself, so that whoever trusts it verifies it; both files as an operator has them. */
export async function writeCertificate(
  dir: string,
  { expiresAt = Date.now() + 30 * DAY_MS } = {},
): Promise<CertificateFiles> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=directory.test',
      notBefore: new Date(expiresAt - 60 * DAY_MS),
      notAfter: new Date(expiresAt),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    },
    webcrypto,
  )
  const pem = certificate.toString('pem')
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { tlsCert: await replace(join(dir, 'cert.pem'), pem), tlsKey: await replace(join(dir, 'key.pem'), key), pem }
}

async function replace(path: string, text: string): Promise<string> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return path
}
