/** Settings that cannot be followed. The message names the flag, the variable or the line that has to change. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly code: 'bad-flag' | 'bad-variable' | 'bad-config-file'
  constructor(code: SettingsError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
