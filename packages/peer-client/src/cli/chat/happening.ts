// What can happen to the chat, and what it then wants done: data both, so that all of it can be played without a terminal or a peer.
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { DaemonEvent } from '@parley/shared/local-api/events.ts'
import type { HistoryPage, MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit } from '@parley/shared/local-api/search.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import type { ChatState, Partner } from './state.ts'
import type { PagePlace } from './thread.ts'

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'backspace'
  | 'delete'

/** A key that writes nothing by itself; letters held with Ctrl or Alt are among them. */
export interface Key {
  readonly name: KeyName | `letter-${string}`
  readonly ctrl: boolean
  readonly alt: boolean
}

export type Happening =
  | { readonly type: 'key'; readonly key: Key }
  /** Typed, or pasted in one piece. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'size'; readonly columns: number; readonly rows: number }
  | { readonly type: 'tick' }
  /** The line to the daemon is up: with what stands there now. */
  | {
      readonly type: 'up'
      readonly status: DaemonStatus
      readonly conversations: readonly ConversationInfo[]
      readonly contacts: readonly Contact[]
      /** What was logged since the line was up before; undefined when that is not known. */
      readonly missed: readonly DaemonEvent[] | undefined
    }
  | { readonly type: 'lost' }
  | {
      readonly type: 'glance'
      readonly status: DaemonStatus
      readonly conversations: readonly ConversationInfo[]
    }
  /** A new message, or one that reads otherwise now. */
  | { readonly type: 'message'; readonly message: MessageView; readonly isNew: boolean }
  | { readonly type: 'contact'; readonly contact: Contact }
  | { readonly type: 'hidden'; readonly account: string; readonly id: string }
  | { readonly type: 'writes'; readonly account: string; readonly until: number }
  | { readonly type: 'note'; readonly account: string; readonly note: Note }
  | { readonly type: 'page'; readonly account: string; readonly page: HistoryPage; readonly place: PagePlace }
  | { readonly type: 'page-failed'; readonly account: string }
  | { readonly type: 'sent'; readonly key: string; readonly message: MessageView }
  | { readonly type: 'not-sent'; readonly key: string; readonly sentence: string }
  | { readonly type: 'why'; readonly why: Why }
  | { readonly type: 'found'; readonly query: string; readonly users: readonly FoundUser[] }
  | { readonly type: 'find-failed'; readonly query: string; readonly sentence: string }
  | {
      readonly type: 'hits'
      readonly query: string
      readonly hits: readonly SearchHit[]
      readonly next: string | undefined
      readonly isMore: boolean
    }
  | {
      readonly type: 'search-failed'
      readonly query: string
      /** Where it was to go on; undefined when it was to begin. */
      readonly next: string | undefined
      readonly sentence: string
    }
  | {
      readonly type: 'trust'
      readonly account: string
      readonly safety: SafetyNumber
      readonly change: KeyChange | undefined
    }
  | { readonly type: 'decided'; readonly accepted: AcceptedKey; readonly isNewKey: boolean }
  | { readonly type: 'open'; readonly partner: Partner }
  | { readonly type: 'notice'; readonly text: string; readonly isTrouble: boolean }

export type Wish =
  | { readonly type: 'send' }
  | { readonly type: 'load'; readonly partner: Partner; readonly place: PagePlace }
  | { readonly type: 'mark-read'; readonly account: string; readonly upTo: string }
  | { readonly type: 'edit'; readonly id: string; readonly text: string }
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'remove'; readonly id: string }
  | { readonly type: 'hide'; readonly id: string }
  /** Null takes back what was there. */
  | { readonly type: 'react'; readonly id: string; readonly emoji: string | null }
  /** Null takes it away. */
  | { readonly type: 'nickname'; readonly account: string; readonly nickname: string | null }
  | { readonly type: 'block'; readonly account: string; readonly isBlocked: boolean }
  | { readonly type: 'tell-typing'; readonly account: string }
  | { readonly type: 'why'; readonly id: string }
  | { readonly type: 'find'; readonly query: string }
  | {
      readonly type: 'search'
      readonly query: string
      readonly account: string | undefined
      readonly next?: string | undefined
    }
  | { readonly type: 'trust'; readonly account: string }
  | { readonly type: 'verify'; readonly account: string; readonly number: string | undefined }
  | { readonly type: 'decide'; readonly account: string; readonly key: string; readonly isAccepted: boolean }
  | { readonly type: 'redraw' }
  | { readonly type: 'quit' }

export type Step = readonly [state: ChatState, wishes: readonly Wish[]]
