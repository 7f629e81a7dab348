import type { BroadcastResult } from '@parley/shared/local-api/messages.ts'
import type { Daemon } from './daemon.ts'
import { keyFor } from './keys.ts'
import { problemOf } from './problems.ts'

/** The same text to every account that is connected now, one message each. One that cannot be sent does not stop the others. */
export async function sendToConnected(
  daemon: Daemon,
  text: string,
  key: string | undefined,
  signal: AbortSignal,
): Promise<BroadcastResult> {
  const connected = daemon.peers().filter(({ link }) => link.state === 'connected')
  const contacts = [...new Map(connected.map((peer) => [peer.account, peer])).values()]
  const outcomes = await Promise.all(
    contacts.map(async (contact) => {
      try {
        return await daemon.send(contact.account, text, { idempotencyKey: key && keyFor(key, contact.account) }, signal)
      } catch (error) {
        const { code, title, detail = title } = problemOf(error)
        return { account: contact.account, name: contact.name, code, detail }
      }
    }),
  )
  return {
    messages: outcomes.filter((outcome) => 'id' in outcome),
    failed: outcomes.filter((outcome) => 'code' in outcome),
  }
}
