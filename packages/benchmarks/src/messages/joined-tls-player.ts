// Either end of the baseline joined-tls.ts.
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { MAX_BUNDLE_MESSAGES } from '@parley/shared/limits.ts'
import { countFrames, messageFrame } from './counted-frames.ts'
import { playPair } from './play-pair.ts'

// The private key printed in RFC 8410 section 10.3, and a certificate over it: everybody has it, and it protects nothing here.
const TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIHUMIGHoAMCAQICAQEwBQYDK2VwMBExDzANBgNVBAMTBnBhcmxleTAgFw0wMDAx
MDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowETEPMA0GA1UEAxMGcGFybGV5MCow
BQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuGjAjAAMAUG
AytlcANBAFWFD3Q8y46WxJkz/rXlQXEu3QmM0pk+MDpfB/BuwOQFNsAIwMxMGzQb
pXLQCW4CWu3u8MnBm9A1NAtsU0JP7As=
-----END CERTIFICATE-----`,
  minVersion: 'TLSv1.3',
  // Both are the same certificate, and neither name is checked: that is done by hand below.
  rejectUnauthorized: false,
} as const

/** As many messages in a tick as a sealed bundle holds. */
async function writeJoined(socket: Duplex, more: () => boolean): Promise<number> {
  let messages = 0
  for (;;) {
    const frames: Uint8Array[] = []
    while (frames.length < MAX_BUNDLE_MESSAGES && more()) frames.push(messageFrame())
    if (frames.length === 0) return messages
    messages += frames.length
    if (socket.write(Buffer.concat(frames))) await nextTurn()
    else await once(socket, 'drain')
  }
}

function checkMutual(socket: TLSSocket): void {
  const { raw } = socket.getPeerCertificate()
  if (socket.getProtocol() !== 'TLSv1.3' || raw === undefined) throw new Error('not mutual TLS 1.3')
}

await playPair({
  server: () =>
    createServer({ ...TLS, requestCert: true }, (socket) => {
      checkMutual(socket)
      countFrames(socket)
    }),
  connect: async (port) => {
    const socket = connect({ ...TLS, host: '127.0.0.1', port })
    await once(socket, 'secureConnect')
    checkMutual(socket)
    return socket
  },
  pour: writeJoined,
})
