// Every signed object is a compact JWS (RFC 7515) with exactly two header fields: alg EdDSA and the `typ` of its kind.
// `typ` keeps one kind from being read as another; `aud` inside the payload keeps it from being replayed elsewhere.
// RFC 8037 makes the signature Ed25519 over the text before the second dot: one call of node:crypto, which checks it on a thread of
// its pool. A JOSE library would read the header again, and costs as much as the check itself.
import { type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { publicKeyObject } from '#keys.ts'
import { MAX_JWS_CHARS } from '#limits.ts'
import { systemErrorCode } from '#system-error.ts'

export const Jws = z
  .string()
  .max(MAX_JWS_CHARS)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  .brand('Jws')
export type Jws = z.infer<typeof Jws>

export class SignedObjectError extends Error {
  override readonly name = 'SignedObjectError'
  readonly code:
    | 'malformed'
    | 'wrong-kind'
    | 'bad-signature'
    | 'wrong-audience'
    | 'bad-rotation'
    | 'bad-certificate'
    | 'expired'
  constructor(code: SignedObjectError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export async function signObject(typ: string, payload: object, key: KeyObject): Promise<Jws> {
  const text = `${encode({ alg: 'EdDSA', typ })}.${encode(payload)}`
  return Jws.parse(`${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`)
}

/** The payload, read but not verified: only to learn which key to verify with. Throws `malformed` or `wrong-kind`. */
export function readObject<S extends z.ZodType>(typ: string, schema: S, jws: string): z.infer<S> {
  const [header, payload] = Jws.safeParse(jws).data?.split('.') ?? []
  if (header === undefined || payload === undefined) throw new SignedObjectError('malformed', 'not a compact JWS')
  const head = Header.safeParse(parseJson(header))
  if (!head.success)
    throw new SignedObjectError('malformed', 'the JWS header must be exactly {alg: "EdDSA", typ}', {
      cause: head.error,
    })
  if (head.data.typ !== typ) throw new SignedObjectError('wrong-kind', `expected a ${typ}, got a ${head.data.typ}`)
  const body = schema.safeParse(parseJson(payload))
  if (!body.success)
    throw new SignedObjectError('malformed', `not a valid ${typ}: ${z.prettifyError(body.error)}`, {
      cause: body.error,
    })
  return body.data
}

/** The payload of an object that was signed with the key that `keyOf` finds for it. Rejects with SignedObjectError. */
export async function verifyObject<S extends z.ZodType>(
  typ: string,
  schema: S,
  jws: string,
  keyOf: (body: z.infer<S>) => string,
): Promise<z.infer<S>> {
  const body = readObject(typ, schema, jws)
  await checkSignature(typ, jws, keyOf(body))
  return body
}

/** Resolves when the object, which was read before, is signed with this key. Rejects with SignedObjectError. */
export async function checkSignature(typ: string, jws: string, publicKey: string): Promise<void> {
  const end = jws.lastIndexOf('.')
  const signature = Buffer.from(jws.slice(end + 1), 'base64url')
  if (await isSignedBy(publicKey, jws.slice(0, end), signature)) return
  throw new SignedObjectError('bad-signature', `the signature of this ${typ} is not by the expected key`)
}

function isSignedBy(publicKey: string, text: string, signature: Buffer): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const done = (error: Error | null, isValid: boolean) => {
    if (error === null) resolve(isValid)
    else if (isBadKey(error)) resolve(false)
    else reject(error)
  }
  try {
    verify(null, Buffer.from(text), publicKeyObject(publicKey), signature, done)
  } catch (error) {
    if (!isBadKey(error)) throw error
    resolve(false)
  }
  return promise
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const Header = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.string().max(64),
})

function parseJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch (error) {
    throw new SignedObjectError('malformed', 'a part of the JWS is not base64url of JSON', { cause: error })
  }
}

/** Not every 32 bytes are a point of the curve. */
function isBadKey(error: unknown): boolean {
  return systemErrorCode(error)?.startsWith('ERR_') ?? false
}
