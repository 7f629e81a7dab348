import type { ViolationCode } from './ledger-report.ts'

/** A database that cannot be judged, because it is not one that can be read. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly code: Extract<
    ViolationCode,
    | 'missing'
    | 'unreadable'
    | 'not-a-database'
    | 'not-a-profile'
    | 'older-schema'
    | 'newer-schema'
    | 'wrong-schema'
    | 'corrupt'
  >
  constructor(code: LedgerError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
