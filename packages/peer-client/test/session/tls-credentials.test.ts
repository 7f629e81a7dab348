import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { selfSign } from '#session/tls-credentials.ts'

test('the certificate is over the device key, signed by it, and valid whatever the clocks say', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const certificate = new X509Certificate(await selfSign(privateKey))
  const deviceKey = createPublicKey(privateKey)
  expect(certificate.publicKey.equals(deviceKey)).toBe(true)
  expect(certificate.verify(deviceKey)).toBe(true)
  expect(certificate.validFromDate.toISOString()).toBe('2000-01-01T00:00:00.000Z')
  expect(certificate.validToDate.toISOString()).toBe('9999-12-31T23:59:59.000Z')
})

test('the certificate is the same at every start and tells nothing but the key', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = await selfSign(privateKey)
  expect(await selfSign(privateKey)).toBe(pem)
  expect(new X509Certificate(pem).subject).toBe('CN=parley')
})
