import { isIP } from 'node:net'
import { z } from 'zod'
import { AccountId, DirectoryKey, Name } from '#ids.ts'
import { DEFAULT_PAGE_USERS, MAX_PAGE_USERS } from '#limits.ts'
import { Jws } from '#signed/jws.ts'

/** `GET /v1` */
export const DirectoryInfo = z.object({
  directoryKey: DirectoryKey,
  versions: z.array(z.string()),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
})
export type DirectoryInfo = z.infer<typeof DirectoryInfo>

/** Bodies of `PUT /v1/users/{name}`, `PUT …/devices/{device}` and `DELETE /v1/users/{name}`. */
export const PutRecord = z.strictObject({ record: Jws })
export const PutStatement = z.strictObject({ statement: Jws })
export const DeleteUser = z.strictObject({ retirement: Jws })

export const Status = z.enum(['online', 'offline'])
export type Status = z.infer<typeof Status>

/** `GET /v1/users/{name}` */
export const User = z.object({
  accountId: AccountId,
  name: Name,
  record: Jws,
  /** Device statements as signed, one for each device that made one. */
  devices: z.array(Jws),
  status: Status,
  /** Unix milliseconds; only while offline and once seen. */
  lastSeen: z.int().optional(),
  /** The address that the directory itself saw last, never one that was claimed. */
  observedAddress: z.string().optional(),
  logIndex: z.int().nonnegative(),
})
export type User = z.infer<typeof User>

export const UsersQuery = z.strictObject({
  cursor: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_USERS).default(DEFAULT_PAGE_USERS),
  status: Status.optional(),
  ip: z
    .string()
    .max(45)
    .refine((ip) => isIP(ip) !== 0, 'a numeric IPv4 or IPv6 address')
    .optional(),
})
export type UsersQuery = z.infer<typeof UsersQuery>

/** A listing names people; `GET /v1/users/{name}` has what is signed. */
export const UserSummary = z.object({
  accountId: AccountId,
  name: Name,
  displayName: z.string(),
  statusText: z.string().optional(),
  status: Status,
  lastSeen: z.int().optional(),
  observedAddress: z.string().optional(),
})
export type UserSummary = z.infer<typeof UserSummary>

/** `GET /v1/users`, in the order of names; `next` is the cursor of the following page. */
export const UsersPage = z.object({
  users: z.array(UserSummary),
  next: z.string().optional(),
})
export type UsersPage = z.infer<typeof UsersPage>
