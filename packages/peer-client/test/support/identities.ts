import { randomBytes } from 'node:crypto'
import { foldName } from '@parley/shared/ids.ts'
import { createIdentity, type Identity, type SignalIdentity } from '#identity/identity.ts'

/** Of the right form; no ratchet will ever be begun with it. */
export function fakeSignalIdentity(): SignalIdentity {
  return {
    publicKey: Buffer.concat([Buffer.of(5), randomBytes(32)]).toString('base64url'),
    privateKey: randomBytes(32).toString('base64url'),
    registrationId: 1 + (randomBytes(2).readUInt16BE() % 0x3f_fe),
  }
}

export function identityOf(typed: string): Promise<Identity> {
  const name = foldName(typed)
  if (name === undefined) throw new Error(`${typed} is not a name`)
  return createIdentity({ name, displayName: typed, signalIdentity: fakeSignalIdentity() })
}
