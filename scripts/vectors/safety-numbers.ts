import { createHash } from 'node:crypto'
import { idBytes } from '@parley/shared/ids.ts'
import type { VectorFile } from './json.ts'
import { alice, alice2, aliceId, bob, bobId } from './keys.ts'

interface Side {
  readonly account: typeof aliceId
  readonly accountKey: typeof alice.publicKey
}

const VERSION = 2
const ITERATIONS = 5_200
const HALF_BYTES = 30
const SCANNED_BYTES = 32

/** The rule in its own words, and not by the library that the vectors are there to check. */
function fingerprint({ account, accountKey }: Side): Buffer {
  const key = Buffer.concat([Buffer.of(5), idBytes(accountKey)])
  const sha512 = (...parts: Uint8Array[]) => createHash('sha512').update(Buffer.concat(parts)).digest()
  let hash = sha512(Buffer.of(0, 0), key, idBytes(account), key)
  for (let done = 1; done < ITERATIONS; done += 1) hash = sha512(hash, key)
  return hash
}

/** Five bytes each, as a number, of which the last five digits count. */
function digits(hash: Buffer): string {
  const groups: string[] = []
  for (let at = 0; at < HALF_BYTES; at += 5) groups.push(String(hash.readUIntBE(at, 5) % 100_000).padStart(5, '0'))
  return groups.join('')
}

/** Protocol Buffers by hand: {1: version, 2: {1: mine}, 3: {1: theirs}}. */
function scanned(mine: Buffer, theirs: Buffer): string {
  const half = (field: number, hash: Buffer) =>
    Buffer.concat([Buffer.of(field, SCANNED_BYTES + 2, 0x0a, SCANNED_BYTES), hash.subarray(0, SCANNED_BYTES)])
  const message = Buffer.concat([Buffer.of(0x08, VERSION), half(0x12, mine), half(0x1a, theirs)])
  return `parley-safety-number:${message.toString('base64url')}`
}

export function safetyNumbers(): VectorFile {
  const people: readonly Side[] = [
    { account: aliceId, accountKey: alice.publicKey },
    { account: aliceId, accountKey: alice2.publicKey },
    { account: bobId, accountKey: bob.publicKey },
  ]
  const pairs = people.flatMap((me) =>
    people.filter(({ account }) => account !== me.account).map((they) => ({ me, they })),
  )
  return {
    about:
      'What two people compare: 60 digits, the same on both sides, and the text of a code that one shows and the other scans.',
    entries: pairs.map(({ me, they }) => {
      const [mine, theirs] = [fingerprint(me), fingerprint(they)]
      const number = [digits(mine), digits(theirs)].sort().join('')
      return { kind: 'safety-number', me: { ...me }, they: { ...they }, number, scannable: scanned(mine, theirs) }
    }),
  }
}
