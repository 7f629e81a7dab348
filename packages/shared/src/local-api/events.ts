import { z } from 'zod'
import { MessageView } from '#local-api/messages.ts'
import { PeerInfo } from '#local-api/peers.ts'

/** What the daemon tells its clients as it happens. `GET /api/v1/events` and `GET /ws` (WebSocket, JSON text frames). */
export const DaemonEvent = z.discriminatedUnion('type', [
  /** A new message, mine or received. */
  z.object({ type: z.literal('message'), message: MessageView }),
  /** A message of mine changed its state. */
  z.object({ type: z.literal('state'), message: MessageView }),
  z.object({ type: z.literal('peer'), peer: PeerInfo }),
  z.object({ type: z.literal('notice'), level: z.enum(['info', 'warn']), text: z.string() }),
])
export type DaemonEvent = z.infer<typeof DaemonEvent>
