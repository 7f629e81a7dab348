// Pages in a browser on this machine can reach a loopback port: by a simple POST, by a WebSocket, and by a name that a stranger
// points at 127.0.0.1 (DNS rebinding). So the host is checked first, then the origin, then the token, and only then is anything read.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { RequestError } from './daemon.ts'

const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/i

export class Gate {
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  readonly #digest: Buffer

  constructor(port: number, token: ApiToken) {
    const hosts = [`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`]
    this.#hosts = new Set(hosts)
    this.#origins = new Set(hosts.map((host) => `http://${host}`))
    this.#digest = digestOf(token)
  }

  /** Throws RequestError `forbidden-host` or `forbidden-origin`. */
  checkSource({ host, origin }: IncomingHttpHeaders): void {
    if (!this.#hosts.has(host?.toLowerCase() ?? '')) {
      throw new RequestError('forbidden-host', 'ask for this API at 127.0.0.1, [::1] or localhost and its port')
    }
    if (origin !== undefined && !this.#origins.has(origin)) {
      throw new RequestError('forbidden-origin', 'only pages that this daemon served itself may use its API')
    }
  }

  /** Throws RequestError `unauthorised`. */
  checkToken({ authorization }: IncomingHttpHeaders): void {
    const given = BEARER.exec(authorization ?? '')?.[1]
    if (given !== undefined && this.isToken(given)) return
    throw new RequestError(
      'unauthorised',
      'send what the file api-token of the profile holds: Authorization: Bearer TOKEN',
    )
  }

  /** Takes the same time whatever is given. */
  isToken(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest)
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
