// Signal's numeric fingerprint, version 2, over account ids and account keys: SHA-512, 5,200 times, and 30 digits for each side. libsignal
// takes keys in its own serialised form, a type byte and 32 bytes. An Ed25519 key put there is only hashed, never calculated with.
import { fromBase64url, toBase64url } from '@parley/shared/bytes.ts'
import { type AccountId, type AccountKey, idBytes } from '@parley/shared/ids.ts'
import { Fingerprint, PublicKey, ScannableFingerprint } from '@signalapp/libsignal-client'
import { nativeBytes } from './native-bytes.ts'

/** One side of a pair. */
export interface Party {
  readonly account: AccountId
  /** In force, as far as the one who compares knows. */
  readonly accountKey: AccountKey
}

const ITERATIONS = 5_200
const VERSION = 2
const KEY_TYPE = 5
const SCHEME = 'parley-safety-number:'

/** What two people compare. The digits are the same on both sides; what is scanned has my half first. Takes some milliseconds. */
export function safetyNumberOf(me: Party, other: Party): { readonly number: string; readonly scannable: string } {
  const fingerprint = Fingerprint.new(
    ITERATIONS,
    VERSION,
    nativeBytes(idBytes(me.account)),
    keyOf(me),
    nativeBytes(idBytes(other.account)),
    keyOf(other),
  )
  return {
    number: fingerprint.displayableFingerprint().toString(),
    scannable: SCHEME + toBase64url(fingerprint.scannableFingerprint().toBuffer()),
  }
}

/**
 * Whether digits that were read aloud, or a code that was scanned at the other side, are those of this pair of accounts and keys.
 * Spaces between digits mean nothing.
 */
export function compareSafetyNumber(
  { number, scannable }: ReturnType<typeof safetyNumberOf>,
  proof: string,
): 'same' | 'different' | 'unreadable' {
  const text = proof.replaceAll(/\s/g, '')
  if (/^\d{60}$/.test(text)) return text === number ? 'same' : 'different'
  const [mine, theirs] = [readScannable(scannable), readScannable(text)]
  if (mine === undefined || theirs === undefined) return 'unreadable'
  return mine.compare(theirs) ? 'same' : 'different'
}

function keyOf({ accountKey }: Party): PublicKey {
  return PublicKey.deserialize(nativeBytes(Uint8Array.of(KEY_TYPE, ...idBytes(accountKey))))
}

function readScannable(text: string): ScannableFingerprint | undefined {
  if (!text.startsWith(SCHEME)) return undefined
  try {
    const scannable = ScannableFingerprint._fromBuffer(nativeBytes(fromBase64url(text.slice(SCHEME.length))))
    // Read only when it is compared: with itself, so that what cannot be read is found out here.
    scannable.compare(scannable)
    return scannable
  } catch {
    return undefined
  }
}
