import {
  DEAD_MS,
  DIAL_TIMEOUT_MS,
  DRAIN_MS,
  HELLO_TIMEOUT_MS,
  MAX_INBOUND_BYTES,
  MAX_INBOUND_TOTAL_BYTES,
  MAX_OUTBOUND_BYTES,
  PING_MS,
  STOP_DRAIN_MS,
  TLS_HANDSHAKE_TIMEOUT_MS,
} from '@parley/shared/limits.ts'

export interface SessionLimits {
  readonly dialMs: number
  readonly tlsMs: number
  readonly helloMs: number
  readonly pingMs: number
  readonly deadMs: number
  readonly drainMs: number
  readonly stopDrainMs: number
  readonly maxInboundBytes: number
  readonly maxInboundTotalBytes: number
  readonly maxOutboundBytes: number
}

export const SESSION_LIMITS: SessionLimits = {
  dialMs: DIAL_TIMEOUT_MS,
  tlsMs: TLS_HANDSHAKE_TIMEOUT_MS,
  helloMs: HELLO_TIMEOUT_MS,
  pingMs: PING_MS,
  deadMs: DEAD_MS,
  drainMs: DRAIN_MS,
  stopDrainMs: STOP_DRAIN_MS,
  maxInboundBytes: MAX_INBOUND_BYTES,
  maxInboundTotalBytes: MAX_INBOUND_TOTAL_BYTES,
  maxOutboundBytes: MAX_OUTBOUND_BYTES,
}
