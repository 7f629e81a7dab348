import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { ListenError } from './listen-error.ts'

/** Where the certificate chain and its private key are, both PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

export interface LoadedTls {
  readonly options: SecureContextOptions
  readonly names: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** "Intermediate" of Mozilla's server side TLS 5.7 without DHE: forward secrecy and authenticated encryption only. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

const EVERYBODY = 0o007

/** The two settings as one, or undefined when neither is given. Throws `bad-tls` for half of it. */
export function tlsFilesOf(cert: string | undefined, key: string | undefined): TlsFiles | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert, key }
  throw new ListenError('bad-tls', '--tls-cert and --tls-key belong together; give both')
}

/** Reads and checks the pair. Throws ListenError `bad-tls`, or `unsafe-tls-key` when every user of the machine can have the key. */
export function loadTls({ cert: certPath, key: keyPath }: TlsFiles): LoadedTls {
  const cert = readPem('--tls-cert', certPath)
  const key = readPem('--tls-key', keyPath)
  if (process.getuid !== undefined && (statSync(keyPath).mode & EVERYBODY) !== 0) {
    const sentence = `${keyPath} is open to every user of this machine; run: chmod o-rwx ${keyPath}`
    throw new ListenError('unsafe-tls-key', sentence)
  }
  const leaf = readCertificate(certPath, cert)
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true }
  try {
    createSecureContext(options)
  } catch (cause) {
    const sentence =
      systemErrorCode(cause) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? `${keyPath} is not the private key of ${certPath}`
        : `${keyPath} is not a PEM private key without a passphrase (${messageOf(cause)})`
    throw new ListenError('bad-tls', sentence, { cause })
  }
  return { options, names: leaf.subjectAltName ?? leaf.subject, expiresAt: leaf.validToDate.getTime() }
}

function readCertificate(path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new ListenError('bad-tls', `--tls-cert ${path} does not begin with a PEM certificate`, { cause })
  }
}

function readPem(flag: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ListenError('bad-tls', `${flag} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
