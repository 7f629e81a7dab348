/** SQLite's name of the error, such as SQLITE_BUSY; '' for any other error. */
export function sqliteCodeOf(error: unknown): string {
  // Not by `instanceof`: the native half keeps the class of whoever loaded it first in this process.
  const isCoded = typeof error === 'object' && error !== null && 'code' in error
  return isCoded && typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : ''
}
