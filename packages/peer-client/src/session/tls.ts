// TLS over any duplex. Node's own checks are off (`rejectUnauthorized: false` also skips checkServerIdentity and lets in a
// client without a certificate): who is at the other end is decided here, the same way on both sides.
import type { Duplex } from 'node:stream'
import { connect, TLSSocket } from 'node:tls'
import { DeviceKey } from '@parley/shared/ids.ts'
import { abortError } from './deadline.ts'
import { asSessionError, SessionError } from './session-error.ts'
import type { TlsCredentials } from './tls-credentials.ts'
import { ALPN } from './tls-options.ts'

const COMMON = { ALPNProtocols: [ALPN], rejectUnauthorized: false, requestCert: true } as const

type Settle = { secure: (socket: TLSSocket) => void; fail: (error: unknown) => void }

/** The handshake of the side that dialled. Rejects with SessionError, and the stream is destroyed then. */
export function connectTls(stream: Duplex, secureContext: TlsCredentials, signal: AbortSignal): Promise<TLSSocket> {
  return handshake(stream, signal, ({ secure, fail }) => {
    const socket = connect({ ...COMMON, socket: stream, secureContext }, () => secure(socket))
    socket.on('error', fail).once('close', fail)
  })
}

/** The handshake of the side that listens. Rejects with SessionError, and the stream is destroyed then. */
export function acceptTls(stream: Duplex, secureContext: TlsCredentials, signal: AbortSignal): Promise<TLSSocket> {
  return handshake(stream, signal, ({ secure, fail }) => {
    const socket = new TLSSocket(stream, { ...COMMON, isServer: true, secureContext })
    // A TLSSocket without a server tells of a TLS error after its handshake by this event alone. A server for each link
    // would do without it, at twice the cost of an inbound handshake and a third more memory for as long as the link lives.
    socket.on('_tlsError', (error) => {
      fail(error)
      socket.destroy()
    })
    socket
      .on('error', fail)
      .once('secure', () => secure(socket))
      .once('close', fail)
  })
}

function handshake(stream: Duplex, signal: AbortSignal, begin: (settle: Settle) => void): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const fail = (error: unknown) => {
    stream.destroy()
    reject(
      asSessionError('bad-tls', error ?? new SessionError('link-failed', 'the link ended during the TLS handshake')),
    )
  }
  const secure = (socket: TLSSocket) => {
    // From now on an error ends this socket; Node reports some without closing it.
    socket.on('error', () => socket.destroy())
    socket.allowHalfOpen = true
    resolve(socket)
  }
  const abort = () => fail(abortError(signal))
  if (signal.aborted) abort()
  else if (stream.destroyed) fail(new SessionError('link-failed', 'the link ended before the TLS handshake'))
  else {
    // Whoever ends its direction in the middle of a handshake is gone.
    stream.allowHalfOpen = false
    signal.addEventListener('abort', abort, { once: true })
    stream.once('close', fail)
    begin({ secure, fail })
  }
  return promise.finally(() => {
    signal.removeEventListener('abort', abort)
    stream.off('close', fail)
  })
}

/** The device key that the other side proved to hold. Throws SessionError `bad-tls`. */
export function peerDeviceKey(socket: TLSSocket): DeviceKey {
  const refuse = (message: string) => new SessionError('bad-tls', message)
  if (socket.getProtocol() !== 'TLSv1.3') throw refuse('not TLS 1.3')
  if (socket.alpnProtocol !== ALPN) throw refuse(`the other side does not speak ${ALPN}`)
  if (socket.isSessionReused()) throw refuse('a resumed TLS session proves no device key')
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw refuse('the other side showed no certificate')
  const { publicKey } = certificate
  if (publicKey.asymmetricKeyType !== 'ed25519') throw refuse('the certificate is not over an Ed25519 key')
  if (!certificate.verify(publicKey)) throw refuse('the certificate is not signed by its own key')
  return DeviceKey.parse(publicKey.export({ format: 'jwk' }).x)
}
