import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { AdmissionError } from './admission-error.ts'

// RFC 6750 section 2.1, and what a header field can carry.
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i
const TOKEN = /^[\x21-\x7e]{1,512}$/
const EVERYBODY = 0o007

/** Who knows it may take a new name. Kept as its digest only. */
export class RegistrationToken {
  readonly #digest: Buffer

  /** Throws AdmissionError `bad-registration-token`. */
  constructor(token: string) {
    if (!TOKEN.test(token)) {
      const sentence = 'a registration token is 1 to 512 visible ASCII characters without spaces'
      throw new AdmissionError('bad-registration-token', sentence)
    }
    this.#digest = digest(token)
  }

  /** Takes as long for a token that is nearly right as for any other. */
  judge({ headers }: IncomingMessage): 'right' | 'missing' | 'wrong' {
    if (headers.authorization === undefined) return 'missing'
    const given = BEARER.exec(headers.authorization)?.[1] ?? ''
    return timingSafeEqual(digest(given), this.#digest) ? 'right' : 'wrong'
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** The token of either setting, or undefined when anybody may register. Throws AdmissionError. */
export function loadRegistrationToken(token: string | undefined, file: string | undefined) {
  if (token !== undefined && file !== undefined) {
    const sentence = 'give one of --registration-token and --registration-token-file, not both'
    throw new AdmissionError('bad-registration-token', sentence)
  }
  const text = file === undefined ? token : readToken(file)
  return text === undefined ? undefined : new RegistrationToken(text)
}

function readToken(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (process.getuid === undefined || (statSync(file).mode & EVERYBODY) === 0) return text
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AdmissionError('bad-registration-token', `--registration-token-file: ${why}`, { cause })
  }
  const sentence = `${file} is open to every user of this machine; run: chmod o-rwx ${file}`
  throw new AdmissionError('unsafe-token-file', sentence)
}
