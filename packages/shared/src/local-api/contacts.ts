import { z } from 'zod'
import { MAX_DISPLAY_NAME_CHARS } from '#limits.ts'
import { Verification } from '#local-api/trust.ts'

/** What the user calls a contact; only on this device. It names the contact wherever a name is asked for. */
export const Nickname = z
  .string()
  .trim()
  .min(1)
  .max(MAX_DISPLAY_NAME_CHARS)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'a nickname is on one line')

/** Somebody I know. `GET /api/v1/contacts/{who}`. */
export const Contact = z.object({
  account: z.string(),
  /** What the contact is called here: the nickname, or else the name in the directory, or what the account calls itself. */
  name: z.string(),
  /** A directory vouches for the name, or the user gave it. */
  isNameVerified: z.boolean(),
  nickname: z.string().optional(),
  /** What the account is called without the nickname. */
  publicName: z.string(),
  displayName: z.string(),
  /** `stranger`: was met and no message was exchanged. `blocked`: nothing comes from there and nothing goes there. */
  state: z.enum(['stranger', 'requested', 'accepted', 'blocked']),
  verification: Verification,
  isKeyChanged: z.boolean(),
  /** Unix milliseconds. */
  addedAt: z.int(),
})
export type Contact = z.infer<typeof Contact>

/** `GET /api/v1/contacts`: by name. */
export const ContactList = z.object({ contacts: z.array(Contact) })
export type ContactList = z.infer<typeof ContactList>

/** `POST /api/v1/contacts`: a name, `name@directory` or the account id of somebody who was met. */
export const AddContact = z.strictObject({ who: z.string().min(1).max(256), nickname: Nickname.optional() })

/** `PATCH /api/v1/contacts/{who}`: null takes the nickname away. */
export const ChangeContact = z.strictObject({ nickname: Nickname.nullable() })
