// The certificate only carries the device key into TLS (RFC 8446 section 4.4.2). It is self-signed, the same at every start,
// and tells nothing else: no name, no date of installation. Trust comes from the device certificate in the hello.
import 'reflect-metadata'
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { X509CertificateGenerator } from '@peculiar/x509'
import { TLS_OPTIONS } from './tls-options.ts'

/** What both sides of a handshake show; the same context serves every link. */
export type TlsCredentials = SecureContext

const ED25519 = { name: 'Ed25519' }

// Nobody's clock may keep two peers apart. RFC 5280 section 4.1.2.5: this notAfter means "no well-defined expiration date".
const NOT_BEFORE = new Date('2000-01-01T00:00:00Z')
const NOT_AFTER = new Date('9999-12-31T23:59:59Z')

/** TLS credentials over the device key. Takes some milliseconds: made once per process. */
export async function createTlsCredentials(deviceKey: KeyObject): Promise<TlsCredentials> {
  const key = deviceKey.export({ format: 'pem', type: 'pkcs8' })
  return createSecureContext({ ...TLS_OPTIONS, key, cert: await selfSign(deviceKey) })
}

/** The certificate, in PEM. */
export async function selfSign(deviceKey: KeyObject): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: 'CN=parley',
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
      keys: {
        privateKey: deviceKey.toCryptoKey(ED25519, false, ['sign']),
        publicKey: createPublicKey(deviceKey).toCryptoKey(ED25519, true, ['verify']),
      },
    },
    webcrypto,
  )
  return certificate.toString('pem')
}
