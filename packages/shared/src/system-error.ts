/** The `code` of an error of the system, of SQLite or of OpenSSL. Not by `instanceof`: they may come from another realm. */
export function systemErrorCode(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error
  return hasCode && typeof error.code === 'string' ? error.code : undefined
}
