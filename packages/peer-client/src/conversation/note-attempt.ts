import type { Attempt } from '#connection/attempt.ts'
import type { Store } from '#store/store.ts'

/** Writes down what was tried to reach a device, and the endpoint when it worked. Nothing for an address where nobody known answered. */
export async function noteAttempt(
  store: Store,
  { device, endpoint, what, at, outcome, detail }: Attempt,
): Promise<void> {
  const row = device === undefined ? undefined : store.devices.get(device)
  if (row === undefined) return
  const path = endpoint === undefined ? undefined : `${endpoint.host}:${endpoint.port}`
  await store.commits.run(() => {
    store.attempts.insert({ account: row.account, device: row.device, what, path, at, outcome, detail })
    if (outcome === 'ok' && endpoint !== undefined) store.devices.addEndpoint(row.device, endpoint, at)
  })
}
