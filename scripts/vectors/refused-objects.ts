import { audienceOf } from '@parley/shared/hashes.ts'
import type { Json, VectorFile } from './json.ts'
import { alice, alice3, aliceId, audience, bobId, laptop, noon, otherDirectory, privateKey, rawJws } from './keys.ts'
import { aliceName, firstRecord, laptopOf, rotationChain, toAlice2, toAlice3 } from './signed-objects.ts'

const TYP = {
  record: 'parley-record+jws',
  device: 'parley-device+jws',
  rotation: 'parley-rotation+jws',
  heartbeat: 'parley-heartbeat+jws',
} as const

/** One thing is wrong with each, and everything else is as it must be. */
export async function refusedObjects(): Promise<VectorFile> {
  const record = await firstRecord()
  const aliceKey = privateKey('alice')
  const header = (typ: string): object => ({ alg: 'EdDSA', typ })
  const asRecord = (payload: object): string => rawJws(header(TYP.record), payload, aliceKey)
  const good = asRecord(record)
  const [head = '', body = '', signature = ''] = good.split('.')
  const certificate = laptopOf(alice.publicKey)
  const bobs = rawJws(header(TYP.device), { ...certificate, accountId: bobId }, aliceKey)
  const heartbeat = {
    v: 1,
    aud: audience,
    accountId: aliceId,
    name: aliceName,
    deviceKey: laptop.publicKey,
    status: 'online',
    n: 1,
  }
  return {
    about: 'Signed objects that must be refused, each for one reason: the error code.',
    entries: [
      refused('account-record', 'not three parts', `${head}.${body}`, 'malformed'),
      refused('account-record', 'padding', `${head}.${body}.${signature}==`, 'malformed'),
      refused('account-record', 'a header that is not JSON', rawJws('alg', record, aliceKey), 'malformed'),
      refused(
        'account-record',
        'no algorithm',
        rawJws({ alg: 'none', typ: TYP.record }, record, aliceKey),
        'malformed',
      ),
      refused(
        'account-record',
        'another algorithm',
        rawJws({ alg: 'HS256', typ: TYP.record }, record, aliceKey),
        'malformed',
      ),
      refused(
        'account-record',
        'one header field more',
        rawJws({ ...header(TYP.record), kid: 'alice' }, record, aliceKey),
        'malformed',
      ),
      refused(
        'account-record',
        'a payload that is not JSON',
        rawJws(header(TYP.record), 'record', aliceKey),
        'malformed',
      ),
      refused('account-record', 'a field that is not known', asRecord({ ...record, admin: true }), 'malformed'),
      refused('account-record', 'a field missing', asRecord({ ...record, seq: undefined }), 'malformed'),
      refused('account-record', 'another version', asRecord({ ...record, v: 2 }), 'malformed'),
      refused('account-record', 'a name that was not folded', asRecord({ ...record, name: 'Alice' }), 'malformed'),
      refused(
        'account-record',
        'presence that is not hidden, said in so many words',
        asRecord({ ...record, hidePresence: false }),
        'malformed',
      ),
      refused(
        'account-record',
        'a status text of 281 characters',
        asRecord({ ...record, profile: { statusText: 'x'.repeat(281) } }),
        'malformed',
      ),
      refused('account-record', 'no device', asRecord({ ...record, devices: [] }), 'malformed'),
      refused('account-record', 'a count that is no integer', asRecord({ ...record, seq: 1.5 }), 'malformed'),
      refused(
        'account-record',
        'an id that is not canonical',
        asRecord({ ...record, accountId: `${aliceId.slice(0, -1)}B` }),
        'malformed',
      ),
      refused('device-certificate', 'an account record', good, 'wrong-kind'),
      refused(
        'account-record',
        'a heartbeat',
        rawJws(header(TYP.heartbeat), heartbeat, privateKey('laptop')),
        'wrong-kind',
      ),
      refused(
        'account-record',
        'one bit of the signature flipped',
        `${head}.${body}.${flip(signature)}`,
        'bad-signature',
      ),
      refused(
        'account-record',
        'the payload of another record',
        `${head}.${asRecord({ ...record, seq: 2 }).split('.')[1] ?? ''}.${signature}`,
        'bad-signature',
      ),
      refused(
        'account-record',
        'signed by another account',
        rawJws(header(TYP.record), record, privateKey('bob')),
        'bad-signature',
      ),
      refused(
        'account-record',
        'for another directory',
        asRecord({ ...record, aud: audienceOf(otherDirectory.publicKey) }),
        'wrong-audience',
      ),
      refused(
        'heartbeat',
        'for another directory',
        rawJws(
          header(TYP.heartbeat),
          { ...heartbeat, aud: audienceOf(otherDirectory.publicKey) },
          privateKey('laptop'),
        ),
        'wrong-audience',
      ),
      refused(
        'account-record',
        'an accountId that is not the hash of its key',
        asRecord({ ...record, accountId: bobId }),
        'bad-rotation',
      ),
      refused(
        'account-record',
        'a key that no rotation leads to',
        rawJws(header(TYP.record), { ...record, accountKey: alice3.publicKey }, privateKey('alice3')),
        'bad-rotation',
      ),
      refused(
        'account-record',
        'a certificate by a key that is not in force',
        rawJws(
          header(TYP.record),
          { ...record, accountKey: alice3.publicKey, rotations: await rotationChain() },
          privateKey('alice3'),
        ),
        'bad-certificate',
      ),
      refused(
        'account-record',
        "another account's device",
        asRecord({ ...record, devices: [bobs] }),
        'bad-certificate',
      ),
      refused(
        'account-record',
        'a device twice',
        asRecord({ ...record, devices: [...record.devices, ...record.devices] }),
        'bad-certificate',
      ),
      refused(
        'account-record',
        'a certificate signed by the device',
        asRecord({ ...record, devices: [rawJws(header(TYP.device), certificate, privateKey('laptop'))] }),
        'bad-signature',
      ),
      refused('retirement', 'by a key that is not in force', retirement('bob'), 'bad-signature', {
        accountKey: alice.publicKey,
      }),
      ...(await refusedRotations()),
    ],
  }
}

function retirement(by: 'alice' | 'bob'): string {
  const payload = { v: 1, aud: audience, accountId: aliceId, name: aliceName, seq: 8, issuedAt: noon }
  return rawJws({ alg: 'EdDSA', typ: 'parley-retirement+jws' }, payload, privateKey(by))
}

async function refusedRotations(): Promise<VectorFile['entries'][number][]> {
  const [first, second] = await rotationChain()
  const typ = { alg: 'EdDSA', typ: TYP.rotation }
  const usurped = rawJws(typ, toAlice2, privateKey('bob'))
  const ofBob = rawJws(typ, { ...toAlice3, accountId: bobId }, privateKey('alice2'))
  const chains: readonly (readonly [name: string, rotations: readonly string[], error: string])[] = [
    ['the last one missing', [first], 'bad-rotation'],
    ['the first one missing', [second], 'bad-rotation'],
    ['in the wrong order', [second, first], 'bad-rotation'],
    ['one of another account', [first, ofBob], 'bad-rotation'],
    ['one not signed by the key before', [usurped, second], 'bad-signature'],
  ]
  return chains.map(([name, rotations, error]) => ({
    kind: 'refused-rotations',
    name,
    accountId: aliceId,
    inForce: alice3.publicKey,
    rotations,
    error,
  }))
}

function flip(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return bytes.toString('base64url')
}

function refused(
  type: string,
  name: string,
  jws: string,
  error: string,
  more: Record<string, Json> = {},
): VectorFile['entries'][number] {
  return { kind: 'refused', type, name, ...more, jws, error }
}
