// What the chat knows. `update` makes the next state of it, drawing reads it, and nothing else touches it.
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { SearchHit } from '@parley/shared/local-api/search.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { EMPTY_BOX, type TextBox } from './text-box.ts'
import { EMPTY_THREAD, type Thread } from './thread.ts'

/** Whom a conversation is with; somebody who was only found has a name and nothing else here. */
export interface Partner {
  readonly account: string
  readonly name: string
}

/** What was sent here and is not known to be with the daemon; asked again with the same key it is there once. */
export interface Outgoing {
  readonly key: string
  readonly partner: Partner
  readonly text: string
  readonly answers: MessageView | undefined
}

/** One thing at a time lies on top of the conversation. */
export type Layer =
  | { readonly type: 'keys' }
  | {
      readonly type: 'palette'
      readonly box: TextBox
      readonly chosen: number
      /** Whom the directory knows by these words. */
      readonly found: readonly FoundUser[]
      /** Why the directory did not say. */
      readonly failed: string | undefined
    }
  | {
      readonly type: 'search'
      readonly box: TextBox
      readonly chosen: number
      /** Of one conversation, or of all. */
      readonly isEverywhere: boolean
      readonly hits: readonly SearchHit[]
      /** The words that these are the answer to; undefined before the first. */
      readonly answered: string | undefined
      /** Why there is no answer to the last words. */
      readonly failed: string | undefined
      readonly next: string | undefined
    }
  | { readonly type: 'why'; readonly id: string; readonly why: Why | undefined; readonly from: number }
  | {
      readonly type: 'trust'
      readonly partner: Partner
      readonly safety: SafetyNumber | undefined
      /** There when another key is offered. */
      readonly change: KeyChange | undefined
      /** The new key is accepted at the next `y`. */
      readonly isAsking: boolean
    }
  | { readonly type: 'nickname'; readonly partner: Partner; readonly box: TextBox }
  | { readonly type: 'block'; readonly partner: Partner }
  | { readonly type: 'react'; readonly message: MessageView; readonly box: TextBox; readonly chosen: number }
  /** For both sides, or on this device alone. */
  | { readonly type: 'delete'; readonly message: MessageView; readonly isHereOnly: boolean }

export interface Notice {
  readonly text: string
  readonly isTrouble: boolean
}

export interface ChatState {
  /** Unix milliseconds, as of the last event. */
  readonly now: number
  readonly columns: number
  readonly rows: number
  readonly status: DaemonStatus | undefined
  /** The line to the daemon. */
  readonly line: 'connecting' | 'up' | 'lost'
  readonly conversations: readonly ConversationInfo[]
  readonly hasConversations: boolean
  /** By account; of those with whom nothing was exchanged only some. */
  readonly contacts: ReadonlyMap<string, Contact>
  readonly threads: ReadonlyMap<string, Thread>
  readonly open: Partner | undefined
  /** Where the keys go when nothing lies on top. */
  readonly focus: 'list' | 'box' | 'messages'
  /** In the list. */
  readonly listed: string | undefined
  /** Among the messages. */
  readonly selected: string | undefined
  /** The row at the bottom: this one of the message, or its last. Undefined: the last that is loaded is at the bottom. */
  readonly anchor: { readonly id: string; readonly row: number } | undefined
  readonly unfolded: ReadonlySet<string>
  /** What is typed and not sent, by account. */
  readonly drafts: ReadonlyMap<string, TextBox>
  /** The message that is answered by what is typed next, by account. */
  readonly answers: ReadonlyMap<string, MessageView>
  /** The message that the box changes, and what was in the box before. */
  readonly editing: { readonly message: MessageView; readonly draft: TextBox } | undefined
  readonly outgoing: readonly Outgoing[]
  /** Who writes to me, and until when that is known, in Unix milliseconds. */
  readonly writing: ReadonlyMap<string, number>
  /** Unix milliseconds, when the other side was told last that I write. */
  readonly toldAt: number
  readonly layer: Layer | undefined
  readonly notice: Notice | undefined
  /** Unix milliseconds, when a person pressed the last key. */
  readonly keyAt: number
}

export function initialState({ columns, rows, now }: Pick<ChatState, 'columns' | 'rows' | 'now'>): ChatState {
  return {
    now,
    columns,
    rows,
    status: undefined,
    line: 'connecting',
    conversations: [],
    hasConversations: false,
    contacts: new Map(),
    threads: new Map(),
    open: undefined,
    focus: 'list',
    listed: undefined,
    selected: undefined,
    anchor: undefined,
    unfolded: new Set(),
    drafts: new Map(),
    answers: new Map(),
    editing: undefined,
    outgoing: [],
    writing: new Map(),
    toldAt: 0,
    layer: undefined,
    notice: undefined,
    keyAt: now,
  }
}

export function threadOf({ threads }: ChatState, account: string | undefined): Thread {
  return (account === undefined ? undefined : threads.get(account)) ?? EMPTY_THREAD
}

export function withThread(state: ChatState, account: string, change: (thread: Thread) => Thread): ChatState {
  return { ...state, threads: new Map(state.threads).set(account, change(threadOf(state, account))) }
}

export function conversationOf(
  { conversations }: ChatState,
  account: string | undefined,
): ConversationInfo | undefined {
  return conversations.find((one) => one.account === account)
}

/** The box under the open conversation. */
export function boxOf({ drafts, open }: ChatState): TextBox {
  return (open === undefined ? undefined : drafts.get(open.account)) ?? EMPTY_BOX
}

export function withBox(state: ChatState, box: TextBox): ChatState {
  if (state.open === undefined) return state
  const drafts = new Map(state.drafts)
  if (box.text === '') drafts.delete(state.open.account)
  else drafts.set(state.open.account, box)
  return { ...state, drafts }
}

/** The message that the box under the open conversation answers. */
export function answerOf({ answers, open }: ChatState): MessageView | undefined {
  return open === undefined ? undefined : answers.get(open.account)
}

export function withoutAnswer(state: ChatState): ChatState {
  if (answerOf(state) === undefined) return state
  const answers = new Map(state.answers)
  if (state.open !== undefined) answers.delete(state.open.account)
  return { ...state, answers }
}
