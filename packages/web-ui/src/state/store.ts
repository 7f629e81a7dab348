// What the app knows. Views read it and are drawn again when it changes; only the files of this folder write it.

import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import type { PeerInfo } from '@parley/shared/local-api/peers.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { computed, signal } from '@preact/signals'

/** What is loaded of a conversation: the newest messages, or those around one that somebody was led to, as far as somebody has scrolled. */
export interface Thread {
  /** Oldest first. */
  readonly messages: readonly MessageView[]
  /** What happened to the conversation, oldest first. */
  readonly notes: readonly Note[]
  /** The id to ask on from, when there are older ones. */
  readonly older: string | undefined
  /** The same, when there are newer ones: what arrives is then read when one comes to it. */
  readonly newer: string | undefined
  readonly isLoaded: boolean
  /** Where the line above what is new stands, as long as the conversation stays open. */
  readonly unreadFrom: string | undefined
}

/** Whom a conversation is with; somebody who was only found has a name and nothing else here. */
export interface Partner {
  readonly account: string
  readonly name: string
}

export type View =
  | { readonly type: 'none' }
  | { readonly type: 'network' }
  | { readonly type: 'thread'; readonly partner: Partner }

/** One thing at a time lies on top. */
export type Overlay =
  | { readonly type: 'palette' }
  | { readonly type: 'keys' }
  | { readonly type: 'settings' }
  | { readonly type: 'why'; readonly messageId: string }

export interface Composing {
  readonly type: 'edit' | 'answer'
  readonly account: string
  readonly message: MessageView
}

export interface Notice {
  readonly id: number
  readonly text: string
  readonly code?: string | undefined
}

export const status = signal<DaemonStatus | undefined>(undefined)
export const conversations = signal<readonly ConversationInfo[]>([])
/** By account: those with whom something was said, those who are blocked, and whoever's card was opened. */
export const contacts = signal<ReadonlyMap<string, Contact>>(new Map())
export const hasConversations = signal(false)
export const peers = signal<readonly PeerInfo[]>([])
export const threads = signal<ReadonlyMap<string, Thread>>(new Map())
export const view = signal<View>({ type: 'none' })
export const overlay = signal<Overlay | undefined>(undefined)
export const isDetailsOpen = signal(false)
/** The line to the daemon. */
export const line = signal<'connecting' | 'up' | 'lost'>('connecting')
export const notices = signal<readonly Notice[]>([])
/** For those who listen instead of looking. */
export const spoken = signal('')
/** Who writes, and until when that may be believed, in Unix milliseconds. */
export const writing = signal<ReadonlyMap<string, number>>(new Map())
/** Rises with every second, so that what shows a span of time is drawn again. */
export const now = signal(Date.now())
/** What the next words are: instead of a message of mine, or an answer to one. */
export const composing = signal<Composing | undefined>(undefined)
/** What is searched, and where: everywhere, or in one conversation. */
export const search = signal<{ readonly query: string; readonly within?: Partner | undefined }>({ query: '' })
/** The message that should be in sight; without one, the end of the conversation. */
export const jump = signal<{ readonly account: string; readonly id?: string } | undefined>(undefined)

/** By the name of now: a nickname may be younger than the view. */
export const partner = computed(() => {
  if (view.value.type !== 'thread') return undefined
  const { account, name } = view.value.partner
  const known = contacts.value.get(account) ?? conversations.value.find((one) => one.account === account)
  return { account, name: known?.name ?? name }
})
export const conversation = computed(() =>
  conversations.value.find(({ account }) => account === partner.value?.account),
)
export const unread = computed(() => conversations.value.reduce((sum, one) => sum + one.unread, 0))

/** Whether nothing is taken from there and nothing goes there. */
export function isBlocked(account: string): boolean {
  return contacts.value.get(account)?.state === 'blocked'
}

/** Whether the other side of a conversation is writing just now. */
export function isWriting(account: string): boolean {
  return (writing.value.get(account) ?? 0) > now.value
}

export const EMPTY_THREAD: Thread = {
  messages: [],
  notes: [],
  older: undefined,
  newer: undefined,
  isLoaded: false,
  unreadFrom: undefined,
}

export function threadOf(account: string): Thread {
  return threads.value.get(account) ?? EMPTY_THREAD
}

export function setThread(account: string, change: (thread: Thread) => Thread): void {
  threads.value = new Map(threads.value).set(account, change(threadOf(account)))
}

let noticeCount = 0

/** For some seconds, unless somebody closes it before. */
export function notify(text: string, code?: string): void {
  noticeCount += 1
  const notice = { id: noticeCount, text, code }
  notices.value = [...notices.value.slice(-2), notice]
  setTimeout(() => dismiss(notice.id), NOTICE_MS)
}

const NOTICE_MS = 8_000

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}
