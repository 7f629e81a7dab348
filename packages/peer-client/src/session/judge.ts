import type { DeviceKey } from '@parley/shared/ids.ts'
import type { DeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { ByeReason, Hello, Purpose } from '@parley/shared/wire/frames.ts'
import { orAborted } from './deadline.ts'
import type { Introduction } from './hello.ts'
import type { Direction, SecureLink } from './secure-link.ts'
import { SessionError } from './session-error.ts'

/** A device that proved its key and showed a valid certificate. Whether that account is welcome is for the layers above. */
export interface Candidate {
  readonly device: DeviceKey
  readonly certificate: DeviceCertificate
  readonly hello: Hello
  readonly purpose: Purpose
  readonly direction: Direction
  readonly path: 'direct' | 'relay'
  readonly remoteAddress: string | undefined
}

export type Verdict = 'accept' | { readonly bye: ByeReason; readonly retryAfterMs?: number | undefined }

export type Judge = (candidate: Candidate) => Verdict | Promise<Verdict>

/** Rejects with SessionError `declined`, which carries the bye to say, when the judge says no or fails. */
export async function askJudge(
  judge: Judge,
  { device, direction, link }: SecureLink,
  { hello, certificate }: Introduction,
  signal: AbortSignal,
): Promise<void> {
  const { path, remoteAddress } = link
  const candidate = { device, certificate, hello, purpose: hello.purpose, direction, path, remoteAddress }
  const verdict = await orAborted(judge(candidate), signal)
  if (verdict === 'accept') return
  const { bye: reason, retryAfterMs } = verdict
  throw new SessionError('declined', `not let in: ${reason}`, { bye: { reason, retryAfterMs } })
}
