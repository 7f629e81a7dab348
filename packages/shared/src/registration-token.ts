import { z } from 'zod'

/** What a directory may ask for a new name; what a header field can carry. */
export const RegistrationToken = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, 'a registration token is 1 to 512 visible ASCII characters without spaces')
