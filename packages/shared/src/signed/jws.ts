// Every signed object is a compact JWS (RFC 7515) with exactly two header fields: alg EdDSA and the `typ` of its kind.
// `typ` keeps one kind from being read as another; `aud` inside the payload keeps it from being replayed elsewhere.
import type { KeyObject } from 'node:crypto'
import { CompactSign, compactVerify, errors } from 'jose'
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
  const signer = new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: 'EdDSA', typ })
  return Jws.parse(await signer.sign(key))
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

/** The payload of an object that `publicKey` signed. Throws SignedObjectError. */
export async function verifyObject<S extends z.ZodType>(
  typ: string,
  schema: S,
  jws: string,
  publicKey: string,
): Promise<z.infer<S>> {
  const body = readObject(typ, schema, jws)
  try {
    await compactVerify(jws, publicKeyObject(publicKey), {
      algorithms: ['EdDSA'],
    })
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || isBadKey(error)) {
      throw new SignedObjectError('bad-signature', `the signature of this ${typ} is not by the expected key`, {
        cause: error,
      })
    }
    throw error
  }
  return body
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

function isBadKey(error: unknown): boolean {
  return systemErrorCode(error)?.startsWith('ERR_') ?? false
}
