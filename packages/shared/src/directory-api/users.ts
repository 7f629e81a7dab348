import { isIP } from 'node:net'
import { z } from 'zod'
import { AccountId, DirectoryKey, Name } from '#ids.ts'
import { DEFAULT_PAGE_USERS, MAX_PAGE_USERS } from '#limits.ts'
import { Jws } from '#signed/jws.ts'

/** `GET /v1` */
export const DirectoryInfo = z.object({
  directoryKey: DirectoryKey.describe(
    'The Ed25519 key of this directory. Its SHA-256 is `aud` in all that is signed for it.',
  ),
  versions: z.array(z.string()).describe('Versions of this API, each the first part of its paths.'),
  features: z
    .array(z.string())
    .describe('What is served here: presence, heartbeat, prekeys, search, hide-presence, lookup-by-address, and more.'),
  limits: z.record(z.string(), z.number()).describe('Every maximum that a client can meet, by its name.'),
})
export type DirectoryInfo = z.infer<typeof DirectoryInfo>

/** `PUT /v1/users/{name}` */
export const PutRecord = z.strictObject({
  record: Jws.describe('An AccountRecord for this name, signed by the account key.'),
})

/** `PUT …/devices/{device}` */
export const PutStatement = z.strictObject({
  statement: Jws.describe('A DeviceStatement, signed by the device key.'),
})

/** `DELETE /v1/users/{name}` */
export const DeleteUser = z.strictObject({
  retirement: Jws.describe('A Retirement of this name, signed by the account key in force.'),
})

export const Status = z.enum(['online', 'offline'])
export type Status = z.infer<typeof Status>

/** What the directory saw of an account. Of one that hides its presence: offline, and nothing else. */
const seen = {
  status: Status.describe('Online while one of its devices is. Always offline for an account that hides its presence.'),
  lastSeen: z
    .int()
    .optional()
    .describe(
      'Unix milliseconds. Only while offline, once seen, and not hidden; so an answer changes only on a change.',
    ),
  observedAddress: z
    .string()
    .optional()
    .describe(
      'Where the directory saw it last; never what was claimed. In the answer to a PUT: where that PUT came from.',
    ),
}

/** `GET /v1/users/{name}`, and the answer to the two PUTs. */
export const User = z.object({
  accountId: AccountId.describe('SHA-256 of the first account key; never changes.'),
  name: Name,
  record: Jws.describe('The AccountRecord in force, as signed. It may have expired: the client looks.'),
  devices: z.array(Jws).describe('Device statements as signed, one for each device that made one.'),
  ...seen,
  logIndex: z.int().nonnegative().describe('The place of the record in the log of this directory.'),
})
export type User = z.infer<typeof User>

/** `GET /v1/users` */
export const UsersQuery = z.strictObject({
  cursor: z.string().max(128).optional().describe('The `next` of the page before.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE_USERS)
    .default(DEFAULT_PAGE_USERS)
    .describe('At most so many users.'),
  status: Status.optional().describe('Only those who are online, or offline, as they are shown.'),
  ip: z
    .string()
    .max(45)
    .refine((ip) => isIP(ip) !== 0, 'a numeric IPv4 or IPv6 address')
    .optional()
    .describe('Only those whom the directory saw last at exactly this address, in any spelling; none who hide.'),
})
export type UsersQuery = z.infer<typeof UsersQuery>

/** A listing names people; `GET /v1/users/{name}` has what is signed. */
export const UserSummary = z.object({
  accountId: AccountId,
  name: Name,
  displayName: z.string(),
  statusText: z.string().optional(),
  ...seen,
})
export type UserSummary = z.infer<typeof UserSummary>

/** The answer to `GET /v1/users`. */
export const UsersPage = z.object({
  users: z.array(UserSummary).describe('In the order of names.'),
  next: z.string().optional().describe('The cursor of the following page; absent on the last one.'),
})
export type UsersPage = z.infer<typeof UsersPage>
