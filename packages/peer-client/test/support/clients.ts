import type { DirectoryKey } from '@parley/shared/ids.ts'
import { DirectoryClient, type DirectoryClientOptions } from '#directory/directory-client.ts'
import type { DirectoryKeyPin } from '#directory/directory-key.ts'
import type { Identity } from '#identity/identity.ts'

/** A pin that lives as long as the test. */
export function memoryPin(key?: DirectoryKey): DirectoryKeyPin {
  let pinned = key
  return {
    get: () => pinned,
    set: (next) => {
      pinned = next
    },
  }
}

export function clientOf(
  identity: Identity,
  url: string,
  options: Partial<DirectoryClientOptions> = {},
): DirectoryClient & Disposable {
  const client = new DirectoryClient({ url, identity, pin: memoryPin(), ...options })
  return Object.assign(client, { [Symbol.dispose]: () => client.close() })
}
