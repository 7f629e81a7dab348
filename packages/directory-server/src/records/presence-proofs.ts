import { verifyDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { type ClaimedDevice, isDeviceInForce, type RecordsContext } from './context.ts'
import { RefusedError } from './refused-error.ts'

/** The device that answered the challenge. Rejects with SignedObjectError or RefusedError. */
export async function authenticateDevice(context: RecordsContext, jws: string, nonce: string): Promise<ClaimedDevice> {
  const proof = await verifyDeviceProof('presence', jws, context.audience)
  if (proof.nonce !== nonce)
    throw new RefusedError('bad-signature', 'the proof is not over the nonce of this connection')
  if (!isDeviceInForce(context, proof)) {
    throw new RefusedError('not-a-user', `the record of ${proof.name} in force does not list this device`)
  }
  return { name: proof.name, accountId: proof.accountId, deviceKey: proof.deviceKey }
}
