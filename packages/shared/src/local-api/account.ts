import { z } from 'zod'
import { MAX_DISPLAY_NAME_CHARS, MAX_STATUS_TEXT_CHARS } from '#limits.ts'

/** `POST /api/v1/account/rotate-key` */
export const RotatedKey = z.object({
  /** The same as before. */
  account: z.string(),
  key: z.string(),
  /** How often the key was rotated. */
  rotations: z.int(),
})
export type RotatedKey = z.infer<typeof RotatedKey>

/** `GET /api/v1/account/profile`: what the account says of itself in the directory. */
export const OwnProfile = z.object({
  name: z.string(),
  displayName: z.string(),
  /** Empty when there is none. */
  statusText: z.string(),
})
export type OwnProfile = z.infer<typeof OwnProfile>

/** `POST /api/v1/account/profile`. What is not said stays as it is. */
export const OwnProfileChange = z.strictObject({
  displayName: z.string().trim().min(1).max(MAX_DISPLAY_NAME_CHARS).optional(),
  statusText: z.string().trim().max(MAX_STATUS_TEXT_CHARS).optional(),
})
export type OwnProfileChange = z.infer<typeof OwnProfileChange>
