import 'reflect-metadata'
import { createPublicKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'
import { expect, test } from 'vitest'
import { selfSign } from '#session/tls-credentials.ts'

test('the certificate is over the device key, signed by it, and valid whatever the clocks say', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const certificate = new X509Certificate(selfSign(privateKey))
  const deviceKey = createPublicKey(privateKey)
  expect(certificate.publicKey.equals(deviceKey)).toBe(true)
  expect(certificate.verify(deviceKey)).toBe(true)
  expect(certificate.validFromDate.toISOString()).toBe('2000-01-01T00:00:00.000Z')
  expect(certificate.validToDate.toISOString()).toBe('9999-12-31T23:59:59.000Z')
})

test('the certificate is the same at every start and tells nothing but the key', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = selfSign(privateKey)
  expect(selfSign(privateKey)).toBe(pem)
  expect(new X509Certificate(pem).subject).toBe('CN=parley')
})

test('the certificate is to the byte what a library for certificates writes', async () => {
  for (let n = 0; n < 8; n += 1) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const expected = await X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: '01',
        name: 'CN=parley',
        notBefore: new Date('2000-01-01T00:00:00Z'),
        notAfter: new Date('9999-12-31T23:59:59Z'),
        keys: {
          privateKey: privateKey.toCryptoKey({ name: 'Ed25519' }, false, ['sign']),
          publicKey: publicKey.toCryptoKey({ name: 'Ed25519' }, true, ['verify']),
        },
      },
      webcrypto,
    )
    expect(new X509Certificate(selfSign(privateKey)).raw).toEqual(Buffer.from(expected.rawData))
  }
})
