import { randomBytes } from 'node:crypto'
import type { PrekeyBatch } from '@parley/shared/signed/prekeys.ts'

/** Of the right form, signed by nobody: a directory cannot tell. Ids rise from `first`. */
export function fakePrekeys(first: number, count: number): PrekeyBatch {
  const curveKey = () => Buffer.concat([Buffer.of(5), randomBytes(32)]).toString('base64url')
  const kyberKey = () => Buffer.concat([Buffer.of(8), randomBytes(1_568)]).toString('base64url')
  const signature = () => randomBytes(64).toString('base64url')
  return {
    v: 1,
    registrationId: 7,
    signed: { id: 1, publicKey: curveKey(), signature: signature() },
    lastResort: { id: 1, publicKey: kyberKey(), signature: signature() },
    oneTime: Array.from({ length: count }, (_, index) => ({
      curve: { id: first + index, publicKey: curveKey() },
      kyber: { id: first + index, publicKey: kyberKey(), signature: signature() },
    })),
  }
}
