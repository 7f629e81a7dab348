import { createPublicKey } from 'node:crypto'
import { AccountKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { Jws, signObject, verifyObject } from '@parley/shared/signed/jws.ts'
import { CompactSign, compactVerify } from 'jose'
import { expect, test } from 'vitest'
import { z } from 'zod'

const TYP = 'parley-test+jws'
const Payload = z.strictObject({ v: z.literal(1), text: z.string() })
const payload = { v: 1, text: 'Zoë, 日本' } as const
const { publicKey, privateKey } = generateKeyPair(AccountKey)

test('another implementation of JWS verifies what is signed here', async () => {
  const jws = await signObject(TYP, payload, privateKey)
  const verified = await compactVerify(jws, createPublicKey(privateKey), { algorithms: ['EdDSA'] })
  expect(verified.protectedHeader).toEqual({ alg: 'EdDSA', typ: TYP })
  expect(JSON.parse(new TextDecoder().decode(verified.payload))).toEqual(payload)
})

test('what another implementation signs is verified here, and not with another key', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(payload))
  const jws = await new CompactSign(bytes).setProtectedHeader({ alg: 'EdDSA', typ: TYP }).sign(privateKey)
  await expect(verifyObject(TYP, Payload, jws, () => publicKey)).resolves.toEqual(payload)
  const other = generateKeyPair(AccountKey).publicKey
  await expect(verifyObject(TYP, Payload, jws, () => other)).rejects.toMatchObject({ code: 'bad-signature' })
})

test.each([
  ['no algorithm', { alg: 'none', typ: TYP }, 'malformed'],
  ['a shared secret', { alg: 'HS256', typ: TYP }, 'malformed'],
  ['a key of its own', { alg: 'EdDSA', typ: TYP, jwk: {} }, 'malformed'],
  ['another kind', { alg: 'EdDSA', typ: 'parley-record+jws' }, 'wrong-kind'],
])('a header that names %s is refused before any signature is looked at', async (_, header, code) => {
  const [, body, signature] = (await signObject(TYP, payload, privateKey)).split('.')
  const forged = Jws.parse(`${Buffer.from(JSON.stringify(header)).toString('base64url')}.${body}.${signature}`)
  await expect(verifyObject(TYP, Payload, forged, () => publicKey)).rejects.toMatchObject({ code })
})

test.each([0, 1, 2])('a change in part %i is noticed', async (part) => {
  const parts = (await signObject(TYP, payload, privateKey)).split('.')
  const text = parts[part] ?? ''
  const at = Math.floor(text.length / 2)
  parts[part] = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  await expect(verifyObject(TYP, Payload, parts.join('.'), () => publicKey)).rejects.toMatchObject({
    code: expect.stringMatching(/^(bad-signature|malformed|wrong-kind)$/),
  })
})
