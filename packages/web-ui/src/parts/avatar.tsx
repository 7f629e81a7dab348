import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import { hueOf, initialsOf } from '#text/person.ts'
import { words } from '#words/words.ts'

interface AvatarProps {
  account: string
  name: string
  size?: 'small' | 'medium' | 'large'
  presence?: Presence | undefined
}

export type Presence = 'connected' | ConversationInfo['presence']

export function presenceOf({ isConnected, presence }: Pick<ConversationInfo, 'isConnected' | 'presence'>): Presence {
  return isConnected ? 'connected' : presence
}

/** Initials on the colour of the account. Whether somebody is there is a shape: a full dot, or a ring. */
export function Avatar({ account, name, size = 'medium', presence }: AvatarProps) {
  return (
    <span class={`avatar avatar-${size} hue-${hueOf(account)}`}>
      <span aria-hidden="true">{initialsOf(name)}</span>
      {presence !== undefined && presence !== 'unknown' && (
        <span
          class={`presence presence-${presence}`}
          role="img"
          aria-label={words.presence[presence]}
          title={words.presence[presence]}
        />
      )}
    </span>
  )
}
