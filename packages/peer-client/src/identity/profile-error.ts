/** Why a profile cannot be used. The message says what the person at the keyboard can do about it. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError'
  readonly code:
    | 'no-profile'
    | 'profile-exists'
    | 'unsafe-profile'
    | 'damaged-profile'
    | 'profile-in-use'
    | 'passphrase-needed'
    | 'wrong-passphrase'
  constructor(code: ProfileError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
