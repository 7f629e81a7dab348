import type { AccountId } from '@parley/shared/ids.ts'

/** What happened to the key of a contact, for the log and for whoever reads along. */
export interface KeyNews {
  readonly kind: 'key-changed' | 'key-rotated' | 'key-restored' | 'key-accepted' | 'key-refused'
  readonly account: AccountId
}
