import { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Wait } from './call-options.ts'
import type { Exchange } from './exchange.ts'
import { messagePath } from './requests.ts'

/** A request of this length outlives no connection, whatever is between the two. */
export const MAX_POLL_MS = 60_000

/** As often as it takes: see `ApiClient.waitFor`. */
export async function waitForMessage(
  exchange: Exchange,
  id: string,
  state: 'sent' | 'delivered',
  { timeoutMs, signal }: Wait,
): Promise<MessageView> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const leftMs = Math.max(0, Math.round(deadline - performance.now()))
    const path = `${messagePath(id)}?wait=${state}&timeoutMs=${Math.min(leftMs, MAX_POLL_MS)}`
    const message = await exchange.one({ method: 'GET', path, signal }, MessageView)
    if (!isOnItsWay(message, state) || leftMs <= MAX_POLL_MS) return message
  }
}

function isOnItsWay({ state, hold }: MessageView, wanted: 'sent' | 'delivered'): boolean {
  if (hold === 'blocked-key-change') return false
  return state === 'queued' || (state === 'sent' && wanted === 'delivered')
}
