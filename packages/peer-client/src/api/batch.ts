import type { SendBatch, SentBatch, WaitForAll } from '@parley/shared/local-api/messages.ts'
import { type Daemon, RequestError } from './daemon.ts'
import { keyFor } from './keys.ts'
import { problemOf } from './problems.ts'

/**
 * Accepts the texts in their order, as many as there is room for: they share a commit. Rejects when not even the first was accepted,
 * or when something else than room was wanting.
 */
export async function sendBatch(
  daemon: Daemon,
  { to, texts, ...options }: SendBatch,
  key: string | undefined,
  signal: AbortSignal,
): Promise<SentBatch> {
  const outcomes = await Promise.allSettled(
    texts.map((text, at) => {
      const idempotencyKey = key === undefined ? undefined : keyFor(key, `${at}`)
      return daemon.send(to, text, { ...options, idempotencyKey }, signal)
    }),
  )
  const messages: SentBatch['messages'] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') messages.push(outcome.value)
    else if (messages.length === 0 || problemOf(outcome.reason).code !== 'outbox-full') throw outcome.reason
    else break
  }
  return { messages }
}

export async function waitForAll(daemon: Daemon, { ids, wait }: WaitForAll, signal: AbortSignal): Promise<SentBatch> {
  for (const id of ids)
    if (daemon.message(id) === undefined) throw new RequestError('unknown-message', `no message here has the id ${id}`)
  return { messages: await Promise.all(ids.map((id) => daemon.waitFor(id, wait, signal))) }
}
