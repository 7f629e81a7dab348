import type { ApiClient } from '@parley/api-client'
import { line, status } from './store.ts'

const LOOK_MS = 5_000

/** No event tells how it stands with the directory: looks from time to time, while somebody can see it. Until the page is closed. */
export function watchDirectory(client: ApiClient): void {
  setInterval(() => {
    if (document.hidden || line.value !== 'up' || status.value?.directory.state === 'none') return
    client.status().then(
      (me) => {
        status.value = me
      },
      // While the line is down there is a word for that already.
      () => undefined,
    )
  }, LOOK_MS)
}
