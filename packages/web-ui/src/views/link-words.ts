import type { PeerInfo } from '@parley/shared/local-api/peers.ts'
import { span } from '#text/times.ts'
import { words } from '#words/words.ts'

/** How the line to a device stands, in words. */
export function linkWords({ link, isKeyChanged }: Pick<PeerInfo, 'link' | 'isKeyChanged'>, now: number): string {
  if (isKeyChanged) return words.network.keyChanged
  switch (link.state) {
    case 'connected':
      return words.network.connected(link.path)
    case 'connecting':
      return words.network.connecting
    case 'waiting':
      return words.network.waiting(span(link.until - now))
    case 'idle':
      return words.network.idle
  }
}
