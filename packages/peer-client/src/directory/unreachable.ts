import { systemErrorCode } from '@parley/shared/system-error.ts'
import { DirectoryError } from './directory-error.ts'

// Of OpenSSL (openssl-verification-options) and of Node itself: whoever answers cannot be shown to be the one that was asked.
const UNTRUSTED: ReadonlySet<string | undefined> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'INVALID_CA',
])

/** `what` happened to a connection, and the reason as the system tells it. */
export function unreachable(what: string, cause: unknown): DirectoryError {
  const why = systemErrorCode(cause) ?? String(cause)
  const hint = UNTRUSTED.has(why)
    ? `its certificate is not trusted, ${why}; for a directory with a certificate of its own use --directory-ca FILE`
    : why
  return new DirectoryError('unreachable', `${what} (${hint})`, { cause })
}
