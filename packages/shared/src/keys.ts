// Ed25519 (RFC 8032) through node:crypto. Public keys travel as their 32 raw bytes in base64url.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { z } from 'zod'

export interface KeyPair<Public extends string> {
  readonly publicKey: Public
  readonly privateKey: KeyObject
}

/** A new key pair; `schema` brands the public half. */
export function generateKeyPair<S extends z.ZodType<string>>(schema: S): KeyPair<z.infer<S>> {
  return keyPairOf(schema, generateKeyPairSync('ed25519').privateKey)
}

/** The pair of a private key. */
export function keyPairOf<S extends z.ZodType<string>>(schema: S, privateKey: KeyObject): KeyPair<z.infer<S>> {
  const { x } = Jwk.parse(createPublicKey(privateKey).export({ format: 'jwk' }))
  return { publicKey: schema.parse(x), privateKey }
}

/** For verification. Throws when the 32 bytes cannot be a key. */
export function publicKeyObject(publicKey: string): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
    format: 'jwk',
  })
}

/** PKCS #8 (RFC 5958) in base64url, the form in which private keys are kept in a profile. */
export function exportPrivateKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64url')
}

export function importPrivateKey(text: string): KeyObject {
  return createPrivateKey({
    key: Buffer.from(text, 'base64url'),
    format: 'der',
    type: 'pkcs8',
  })
}

const Jwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
})
