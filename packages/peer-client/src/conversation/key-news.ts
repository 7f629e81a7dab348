import type { AccountId } from '@parley/shared/ids.ts'

/** What happened to the key of a contact, for the log and for whoever reads along. */
export interface KeyNews {
  readonly kind: 'key-changed' | 'key-rotated' | 'key-restored' | 'key-accepted' | 'key-refused'
  readonly account: AccountId
}

/** A sentence for the user, and how much it matters. */
export interface Notice {
  readonly level: 'info' | 'warn'
  readonly text: string
}

export function keyNotice({ kind }: Pick<KeyNews, 'kind'>, name: string): Notice {
  switch (kind) {
    case 'key-changed':
      return {
        level: 'warn',
        text: `The key of ${name} changed. Nothing more is sent until you decide: parley accept-key ${name} tells more.`,
      }
    case 'key-rotated':
      return { level: 'info', text: `${name} has a new key, which the known one signed. The conversation goes on.` }
    case 'key-restored':
      return {
        level: 'info',
        text: `The directory names the key of ${name} again that you know. What waited goes out.`,
      }
    case 'key-accepted':
      return { level: 'info', text: `You accepted the new key of ${name}. What waited goes out to it.` }
    case 'key-refused':
      return { level: 'info', text: `You kept the known key of ${name}. What waited goes out to it.` }
  }
}
