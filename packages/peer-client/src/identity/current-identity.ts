import { AccountKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { signRotation } from '@parley/shared/signed/rotation.ts'
import { type Identity, saveIdentity } from './identity.ts'
import type { ProfileKey } from './profile-key.ts'

/** The identity of a running peer. Whoever reads it sees the one in force: it can be replaced, on the disk first. */
export class CurrentIdentity implements Identity {
  readonly #profile: string
  readonly #key: ProfileKey | undefined
  #identity: Identity
  #changing: Promise<void> = Promise.resolve()

  constructor(identity: Identity, profile: string, key: ProfileKey | undefined) {
    this.#identity = identity
    this.#profile = profile
    this.#key = key
  }

  get accountId() {
    return this.#identity.accountId
  }

  get account() {
    return this.#identity.account
  }

  get rotations() {
    return this.#identity.rotations
  }

  get device() {
    return this.#identity.device
  }

  get signalIdentity() {
    return this.#identity.signalIdentity
  }

  get certificate() {
    return this.#identity.certificate
  }

  get revokes() {
    return this.#identity.revokes
  }

  get name() {
    return this.#identity.name
  }

  get displayName() {
    return this.#identity.displayName
  }

  /** One change after the other. When it rejects, the identity is as it was, here and on the disk. */
  change(make: (identity: Identity) => Promise<Identity>): Promise<void> {
    const changed = this.#changing.then(async () => {
      const next = await make(this.#identity)
      // One rename: whenever the power goes, the file holds the one or the other, whole.
      await saveIdentity(this.#profile, next, this.#key, { replace: true })
      this.#identity = next
    })
    this.#changing = changed.catch(() => undefined)
    return changed
  }
}

/** The same account and device with a new account key, for which the old one signed. The old private key is in it no more. */
export async function withNewAccountKey(identity: Identity, now: number): Promise<Identity> {
  const { accountId, account: old, rotations, device, signalIdentity } = identity
  const account = generateKeyPair(AccountKey)
  const rotation = await signRotation({ accountId, from: old.publicKey, to: account.publicKey }, old.privateKey)
  const certified = {
    accountId,
    accountKey: account.publicKey,
    deviceKey: device.publicKey,
    signalIdentity: signalIdentity.publicKey,
    issuedAt: now,
  }
  const certificate = await signDeviceCertificate(certified, account.privateKey)
  const { revokes, name, displayName } = identity
  return {
    accountId,
    account,
    rotations: [...rotations, rotation],
    device,
    signalIdentity,
    certificate,
    revokes,
    name,
    displayName,
  }
}
