import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { isPlanted } from '@parley/shared/planted-faults.ts'

export const ALPN = 'parley/1'

/**
 * TLS 1.3 only, so no renegotiation and no static key exchange; Ed25519 only, so no certificate of another kind; no tickets,
 * because a resumed session brings no certificate.
 */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  sigalgs: 'ed25519',
  ...(isPlanted('tickets-on') ? { sessionIdContext: 'parley' } : { secureOptions: constants.SSL_OP_NO_TICKET }),
} as const satisfies SecureContextOptions
