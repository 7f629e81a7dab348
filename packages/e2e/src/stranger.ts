import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { accountIdOf } from '@parley/shared/hashes.ts'
import { AccountKey, DeviceKey, Name } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { encodeFrame, PROTOCOL, TYPE } from '@parley/shared/wire/frames.ts'
import { selfSigned } from './self-signed.ts'

/** Another address of this machine than the one that friends come from. */
const FROM = { host: '127.0.0.1', localAddress: '127.0.0.2' }

/** Somebody with keys of their own and no manners. */
export interface Stranger {
  readonly tls: ConnectionOptions
  /** As a peer of the same version says it; the certificate may be another's. */
  hello(certificate?: Jws): Buffer
}

export async function makeStranger(): Promise<Stranger> {
  const account = generateKeyPair(AccountKey)
  const device = generateKeyPair(DeviceKey)
  const own = await signDeviceCertificate(
    {
      accountId: accountIdOf(account.publicKey),
      accountKey: account.publicKey,
      deviceKey: device.publicKey,
      signalIdentity: Buffer.concat([Buffer.of(5), randomBytes(32)]).toString('base64url'),
      issuedAt: Date.now(),
    },
    account.privateKey,
  )
  const boot = randomBytes(16)
  return {
    tls: {
      key: device.privateKey.export({ format: 'pem', type: 'pkcs8' }),
      cert: selfSigned(device.privateKey),
      ALPNProtocols: ['parley/1'],
      rejectUnauthorized: false,
    },
    hello: (deviceCertificate = own) =>
      Buffer.from(
        encodeFrame({
          type: TYPE.hello,
          protocol: PROTOCOL,
          features: [],
          deviceCertificate,
          rotations: [],
          name: Name.parse('stranger'),
          purpose: 'messages',
          boot,
          alone: true,
          path: 'direct',
        }),
      ),
  }
}

/** A plain TCP link; what happens to it is seen by `closed`. */
export async function dialPlainly(port: number): Promise<Socket> {
  const socket = connectTcp({ ...FROM, port })
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  return socket
}

/** Resolves when this side believes that TLS is up, which says nothing of the other side. Rejects when it does not come up. */
export async function dialWithTls(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ ...FROM, port, ...options })
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  socket.once('secureConnect', () => resolve(socket))
  socket.on('error', reject)
  socket.once('close', () => reject(new Error('closed')))
  return promise
}

/** Resolves with all that the other side still sends, once the link is gone. */
export async function untilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(chunks)
}
