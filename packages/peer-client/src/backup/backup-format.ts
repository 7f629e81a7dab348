// backup = an age file (https://age-encryption.org/v1) for a passphrase; inside it lines of JSON in UTF-8:
//   header, identity, then for each table {table, columns} and lines {rows: [[…], …]} of it, at the end {end: true, rows}
// A value of a row is null, a number, a text, {b: base64url} for bytes, or {i: "…"} for an integer that a number cannot hold.
import { fromBase64url, toBase64url } from '@parley/shared/bytes.ts'
import { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import { MAX_DISPLAY_NAME_CHARS, MAX_REVOKED_DEVICES } from '@parley/shared/limits.ts'
import { Jws } from '@parley/shared/signed/jws.ts'
import { Rotations } from '@parley/shared/signed/rotation.ts'
import { z } from 'zod'
import { Settings } from '#identity/settings.ts'

const MAX_COLUMNS = 64

/** What SQL is made of, so nothing else may be in it. */
const Identifier = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/)
const Count = z.int().nonnegative()

export const Header = z.strictObject({
  format: z.literal('parley-backup'),
  v: z.literal(1),
  /** Of the database, as `user_version` counts. */
  schema: z.int().positive(),
  /** Unix milliseconds. */
  madeAt: Count,
  name: Name,
  /** The profile had a passphrase, and the one that is made of this gets the same. */
  isEncrypted: z.boolean(),
  /** In all tables, for the progress. */
  rows: Count,
})
export type Header = z.infer<typeof Header>

/** The account, and of its device what others know of it: its own keys stay where they are. */
export const SavedIdentity = z.strictObject({
  accountId: AccountId,
  accountPrivateKey: z.string().max(256),
  rotations: Rotations,
  name: Name,
  displayName: z.string().min(1).max(MAX_DISPLAY_NAME_CHARS),
  device: z.strictObject({ deviceKey: DeviceKey, certificate: Jws, signalIdentity: z.string() }),
  /** Devices that this one was to revoke. */
  revokes: z.array(DeviceKey).max(MAX_REVOKED_DEVICES),
  settings: Settings,
  /** The text of registration-token.json. */
  registrationToken: z.string().max(4_096).optional(),
  /** The text of blacklist.txt. */
  blacklist: z.string().optional(),
})
export type SavedIdentity = z.infer<typeof SavedIdentity>

const TableStart = z.strictObject({ table: Identifier, columns: z.array(Identifier).min(1).max(MAX_COLUMNS) })
export type TableStart = z.infer<typeof TableStart>
const End = z.strictObject({ end: z.literal(true), rows: Count })

export type SqlValue = null | number | bigint | string | Uint8Array
/** Rows are checked value by value: a schema would take longer than all the rest. */
export type Part =
  | ({ readonly kind: 'table' } & TableStart)
  | { readonly kind: 'rows'; readonly rows: SqlValue[][] }
  | ({ readonly kind: 'end' } & z.infer<typeof End>)

/** Throws SyntaxError or ZodError. */
export function readPart(line: string): Part {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('a line is not an object')
  if ('table' in value) return { kind: 'table', ...TableStart.parse(value) }
  if ('end' in value) return { kind: 'end', ...End.parse(value) }
  if (!('rows' in value) || !Array.isArray(value.rows)) throw new SyntaxError('a line without rows')
  return { kind: 'rows', rows: value.rows.map(readRow) }
}

function readRow(row: unknown): SqlValue[] {
  if (!Array.isArray(row)) throw new SyntaxError('a row is not a list')
  return row.map(readValue)
}

function readValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'object' && 'b' in value && typeof value.b === 'string') return fromBase64url(value.b)
  if (typeof value === 'object' && 'i' in value && typeof value.i === 'string' && /^-?\d{1,19}$/.test(value.i))
    return BigInt(value.i)
  throw new SyntaxError('a value that cannot be in a table')
}

/** As JSON has it. Integers come as bigint, so that none is rounded. */
export function savedValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : { i: String(value) }
  }
  return value instanceof Uint8Array ? { b: toBase64url(value) } : value
}
