// How a browser gets to the token: whoever has it asks for a link, and the page that opens trades the code in it, once.
import { z } from 'zod'
import { ApiToken } from '#local-api/daemon-file.ts'

/** 256 random bits, base64url. */
export const SignInCode = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/** Of the page, behind the `#`: no browser sends that part to anybody. */
export const SIGN_IN_FRAGMENT = 'sign-in='

/** `POST /api/v1/sign-in-links` */
export const SignInLink = z.object({
  /** Opens the web app signed in, once, until then. */
  url: z.url(),
  /** Unix milliseconds. */
  expiresAt: z.int(),
})
export type SignInLink = z.infer<typeof SignInLink>

/** `POST /api/v1/sign-in`: the one call that needs no token. Refused with `sign-in-expired` for a code that was used or is too old. */
export const SignIn = z.strictObject({ code: SignInCode })

export const SignedIn = z.object({ token: ApiToken })
export type SignedIn = z.infer<typeof SignedIn>
