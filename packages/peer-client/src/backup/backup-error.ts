/** Why a backup could not be made or taken back. The message says what the person at the keyboard can do about it. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly code:
    | 'file-exists'
    | 'not-a-backup'
    | 'wrong-passphrase'
    | 'damaged-backup'
    | 'newer-backup'
    | 'never-started'
  constructor(code: BackupError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
