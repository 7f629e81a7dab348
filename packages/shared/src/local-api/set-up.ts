// Before there is a profile: the page that `parley start` shows asks for a name, and perhaps a passphrase. Everything else that is
// asked of the API meanwhile is refused with `not-set-up`.
import { z } from 'zod'
import { DirectoryUrl } from '#directory-url.ts'
import { MAX_PASSPHRASE_CHARS, MIN_PASSPHRASE_CHARS } from '#limits.ts'
import { RegistrationToken } from '#registration-token.ts'

const TypedName = z.string().min(1).max(64)

/** `GET /api/v1/set-up`: the directory that the start was given, if any. */
export const SetUpState = z.object({ directory: z.string().optional() })
export type SetUpState = z.infer<typeof SetUpState>

/** `GET /api/v1/set-up/name?name=&directory=` */
export const NameQuery = z.strictObject({ name: TypedName, directory: DirectoryUrl.optional() })
export const NameCheck = z.object({
  /** As others will write it; absent when it can be none. */
  name: z.string().optional(),
  /** `unknown`: the directory could not be asked. Nobody holds a name before it is registered, which happens after the start. */
  verdict: z.enum(['free', 'taken', 'not-a-name', 'unknown', 'no-directory']),
  /** For people, where there is more to say. */
  detail: z.string().optional(),
  /** The directory takes new names only with its registration token. */
  needsToken: z.boolean().optional(),
})
export type NameCheck = z.infer<typeof NameCheck>

/** `POST /api/v1/set-up`: answered 201 once the profile is on the disk. The daemon then starts at this address, and takes the same token. */
export const SetUp = z.strictObject({
  name: TypedName,
  passphrase: z.string().min(MIN_PASSPHRASE_CHARS).max(MAX_PASSPHRASE_CHARS).optional(),
  directory: DirectoryUrl.optional(),
  /** For a directory that takes new names only with it; the daemon keeps it in the profile. */
  registrationToken: RegistrationToken.optional(),
})
export type SetUp = z.infer<typeof SetUp>
export const SetUpDone = z.object({ name: z.string(), profile: z.string() })
export type SetUpDone = z.infer<typeof SetUpDone>
