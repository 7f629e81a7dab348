import { Server as TlsServer } from 'node:https'
import type { Logger } from 'pino'
import type { WebServer } from './server.ts'
import { type LoadedTls, loadTls, type TlsFiles } from './tls-files.ts'

const SOON_MS = 14 * 24 * 60 * 60 * 1000

/** Reads the pair again, for the connections to come. A pair that cannot be used is logged, and the one before stays. */
export function reloadTls(server: WebServer, files: TlsFiles, { log, now }: { log: Logger; now: () => number }): void {
  if (!(server instanceof TlsServer)) return
  try {
    const tls = loadTls(files)
    server.setSecureContext(tls.options)
    log.info(describeTls(tls), 'certificate read again')
    warnOfExpiry(tls, { log, now })
  } catch (error) {
    log.error({ err: error }, 'the certificate was not exchanged; the one before stays in use')
  }
}

function describeTls({ names, expiresAt }: LoadedTls) {
  return { names, expires: new Date(expiresAt).toISOString() }
}

export function warnOfExpiry(tls: LoadedTls, { log, now }: { log: Logger; now: () => number }): void {
  const left = tls.expiresAt - now()
  if (left < SOON_MS)
    log.warn(describeTls(tls), left < 0 ? 'the certificate has expired' : 'the certificate expires soon')
}
