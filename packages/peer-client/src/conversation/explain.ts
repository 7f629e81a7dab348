// `why`: where a message is, what was tried, and what happens next, in words.

import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_BUNDLE_MESSAGES } from '@parley/shared/limits.ts'
import type { MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { PeerState } from '@parley/shared/local-api/peers.ts'
import type { AttemptRow } from '#store/attempts-table.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'
import type { MessageViews } from './message-views.ts'

const MAX_ATTEMPTS_SHOWN = 50

export interface ExplainDeps {
  readonly store: Store
  readonly views: MessageViews
  /** How the best line to the account stands. */
  readonly linkTo: (account: AccountId) => PeerState
  readonly now: () => number
}

/** Throws `unknown-message`. */
export function explain({ store, views, linkTo, now }: ExplainDeps, id: string): Why {
  const row = store.messages.byLocalId(id)
  if (row === undefined) throw new ConversationError('unknown-message', `there is no message ${id}`)
  const message = views.view(row)
  const account = views.partnerOf(store.streams.conversationOf(row.stream))
  const attempts: Shown[] = []
  if (message.direction === 'out') {
    for (const envelope of store.envelopes.containing(row.stream, row.seq, MAX_BUNDLE_MESSAGES)) {
      const { sealedAt: at, path } = envelope
      attempts.push({ at, what: 'write', path, outcome: 'ok', detail: null })
      attempts.push(...store.attempts.ofEnvelope(envelope.id, MAX_ATTEMPTS_SHOWN))
    }
    const until = message.state === 'queued' || message.state === 'sent' ? now() : (message.stateAt ?? now())
    for (const attempt of store.attempts.recent(account, MAX_ATTEMPTS_SHOWN)) {
      if (attempt.envelope === null && attempt.at >= row.storedAt && attempt.at <= until) attempts.push(attempt)
    }
  }
  const newestFirst = attempts
    .toSorted((a, b) => b.at - a.at || Number(a.what === 'write') - Number(b.what === 'write'))
    .slice(0, MAX_ATTEMPTS_SHOWN)
  return {
    message,
    ...wordsFor(message, linkTo(account), now()),
    attempts: newestFirst.map(({ at, what, path, outcome, detail }) => ({
      at,
      what,
      outcome,
      ...(path === null ? {} : { path }),
      ...(detail === null ? {} : { detail }),
    })),
  }
}

type Shown = Pick<AttemptRow, 'at' | 'path' | 'outcome' | 'detail'> & { what: AttemptRow['what'] | 'write' }

function wordsFor(message: MessageView, link: PeerState, now: number): { summary: string; next: string } {
  const who = message.with
  if (message.direction === 'in')
    return { summary: `${who} wrote this. It is stored on this device.`, next: 'Nothing more is to be done.' }
  if (message.hold === 'blocked-key-change') {
    return {
      summary: `The key of ${who} changed. The message waits here, and nothing was sent to the new key.`,
      next: `Ask ${who} over another way whether the key is really new. If it is: parley accept-key ${who}. If not: parley accept-key ${who} --refuse.`,
    }
  }
  switch (message.state) {
    case 'delivered':
    case 'read':
      return { summary: `A device of ${who} stored this message.`, next: 'Nothing more is to be done.' }
    case 'cancelled':
      return { summary: 'You took this message back before it was sent.', next: 'Nothing more is to be done.' }
    case 'expired':
      return {
        summary: `The time for this message was over before it could reach ${who}.`,
        next: 'Send it again if it still matters.',
      }
    case 'refused':
      return {
        summary: `The device of ${who} refused this message (${message.reason ?? 'no reason given'}).`,
        next: 'It is not sent again.',
      }
    case 'sent':
      return {
        summary: `The message was sent to ${who} and is not confirmed yet. It is safe here.`,
        next:
          link.state === 'connected'
            ? `The confirmation of ${who} is awaited.`
            : `It is sent again, once, when ${who} is back. ${nextTry(link, now)}`,
      }
    default:
      return {
        summary: `The message waits here for ${who}. It is safe on this device.`,
        next: queuedNext(message, link, who, now),
      }
  }
}

function queuedNext(message: MessageView, link: PeerState, who: string, now: number): string {
  if (message.hold === 'no-device-known') return `No device of ${who} is known yet. It goes out when one is found.`
  if (link.state === 'connected') return `${who} is connected: it goes out now.`
  return `It goes out when ${who} is reached. ${nextTry(link, now)}`
}

function nextTry(link: PeerState, now: number): string {
  if (link.state === 'connecting') return 'A connection is being tried now.'
  if (link.state !== 'waiting') return 'The next try begins when there is a sign of life.'
  const seconds = Math.max(0, Math.ceil((link.until - now) / 1000))
  const reason = link.lastError === undefined ? '' : ` The last one ended with: ${link.lastError}.`
  return `The next try begins in ${seconds} s.${reason}`
}
