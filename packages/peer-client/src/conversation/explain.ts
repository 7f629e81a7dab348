// `why`: where a message is, what was tried, and what happens next.
import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_BUNDLE_MESSAGES } from '@parley/shared/limits.ts'
import type { MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { AttemptRow } from '#store/attempts-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'
import type { MessageViews } from './message-views.ts'
import type { Reachability } from './reachability.ts'
import { whyWords } from './why-words.ts'

const MAX_ATTEMPTS_SHOWN = 50

export interface ExplainDeps {
  readonly store: Store
  readonly views: MessageViews
  readonly reachability: Pick<Reachability, 'linkTo' | 'presenceOf' | 'isApart' | 'devicesOf'>
  readonly now: () => number
}

/** Throws `unknown-message`. */
export function explain({ store, views, reachability, now }: ExplainDeps, id: string): Why {
  const row = store.messages.byLocalId(id)
  if (row === undefined) throw new ConversationError('unknown-message', `there is no message ${id}`)
  const message = views.view(row)
  const account = views.partnerOf(store.streams.conversationOf(row.stream))
  const attempts = message.direction === 'out' ? attemptsFor(store, row, account, message, now()) : []
  const [newest] = attempts
  const situation = {
    message,
    link: reachability.linkTo(account),
    presence: reachability.presenceOf(account),
    isApart: reachability.isApart(account),
    isBlocked: store.contacts.get(account)?.state === 'blocked',
    ahead: aheadOf(store, row, account, message),
    sealFailure: newest?.what === 'seal' ? (newest.detail ?? newest.outcome) : undefined,
    now: now(),
  }
  return {
    message,
    ...whyWords(situation),
    devices: reachability.devicesOf(account).map(({ device, link }) => ({ device, link })),
    attempts: attempts.map(({ at, what, path, outcome, detail }) => ({
      at,
      what,
      outcome,
      ...(path === null ? {} : { path }),
      ...(detail === null ? {} : { detail }),
    })),
  }
}

type Shown = Pick<AttemptRow, 'at' | 'path' | 'outcome' | 'detail'> & { what: AttemptRow['what'] | 'write' }

/** Newest first. */
function attemptsFor(store: Store, row: MessageRow, account: AccountId, message: MessageView, now: number): Shown[] {
  const attempts: Shown[] = []
  for (const envelope of store.envelopes.containing(row.stream, row.seq, MAX_BUNDLE_MESSAGES)) {
    const { sealedAt: at, path } = envelope
    attempts.push({ at, what: 'write', path, outcome: 'ok', detail: null })
    attempts.push(...store.attempts.ofEnvelope(envelope.id, MAX_ATTEMPTS_SHOWN))
  }
  const until = isOpen(message) ? now : (message.stateAt ?? now)
  for (const attempt of store.attempts.recent(account, MAX_ATTEMPTS_SHOWN)) {
    if (attempt.envelope === null && attempt.at >= row.storedAt && attempt.at <= until) attempts.push(attempt)
  }
  return attempts
    .toSorted((a, b) => b.at - a.at || Number(a.what === 'write') - Number(b.what === 'write'))
    .slice(0, MAX_ATTEMPTS_SHOWN)
}

function aheadOf(store: Store, { stream, seq }: MessageRow, account: AccountId, message: MessageView): number {
  const from = isOpen(message) ? store.deliveries.lowestOpen(stream, account) : undefined
  return from === undefined || from >= seq
    ? 0
    : store.deliveries.waiting(stream, account, { from, to: seq - 1 }).messages
}

function isOpen({ state }: MessageView): boolean {
  return state === 'queued' || state === 'sent'
}
