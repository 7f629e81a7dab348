import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { audienceOf } from '@parley/shared/hashes.ts'
import { type Digest, DirectoryKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { signAccountRecord } from '@parley/shared/signed/account-record.ts'
import { type DeviceStatement, signDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { Identity } from '#identity/identity.ts'

export type Route = (request: IncomingMessage, response: ServerResponse) => void

export interface HostileDirectory extends AsyncDisposable {
  readonly url: string
  /** May be changed at any time. */
  key: DirectoryKey
  readonly audience: Digest
  /** `METHOD path` of each request so far. */
  readonly requests: string[]
  /** What it answers with from now on to everything but `GET /v1`. */
  answer(route: Route): void
  stop(): Promise<void>
}

/** A directory that answers whatever a test wants, true or not. */
export async function startHostileDirectory(): Promise<HostileDirectory> {
  let route: Route = (_, response) => json(response, 500, {})
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (request.method === 'GET' && request.url === '/v1') json(response, 200, infoOf(directory.key))
    else route(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { publicKey } = generateKeyPair(DirectoryKey)
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const directory: HostileDirectory = {
    url: `http://127.0.0.1:${address.port}`,
    key: publicKey,
    audience: audienceOf(publicKey),
    requests,
    answer: (next) => {
      route = next
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
  return directory
}

function infoOf(directoryKey: DirectoryKey) {
  return { directoryKey, versions: ['v1'], features: [], limits: {} }
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export function problem(response: ServerResponse, status: number, code: string, more: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: `urn:parley:problem:${code}`, title: code, status, code, ...more }))
}

/** A record as its owner would sign it, but for what a test wants otherwise. */
export function recordOf(
  identity: Identity,
  aud: Digest,
  otherwise: Partial<Parameters<typeof signAccountRecord>[0]> = {},
): Promise<Jws> {
  return signAccountRecord(
    {
      aud,
      accountId: identity.accountId,
      accountKey: identity.account.publicKey,
      rotations: [],
      name: identity.name,
      displayName: identity.displayName,
      profile: {},
      devices: [identity.certificate],
      revoked: [],
      seq: 1,
      prev: null,
      issuedAt: Date.now(),
      expiresAt: Date.now() + 300 * 24 * 60 * 60 * 1000,
      ...otherwise,
    },
    identity.account.privateKey,
  )
}

export function statementOf(
  identity: Identity,
  aud: Digest,
  otherwise: Partial<Omit<DeviceStatement, 'v'>> = {},
): Promise<Jws> {
  return signDeviceStatement(
    {
      aud,
      accountId: identity.accountId,
      deviceKey: identity.device.publicKey,
      endpoints: [{ transport: 'tcp', host: '127.0.0.1', port: 8000 }],
      features: [],
      seq: 1,
      issuedAt: Date.now(),
      ...otherwise,
    },
    identity.device.privateKey,
  )
}

export async function userOf(
  identity: Identity,
  aud: Digest,
  otherwise: object = {},
): Promise<Record<string, unknown>> {
  return {
    accountId: identity.accountId,
    name: identity.name,
    record: await recordOf(identity, aud),
    devices: [await statementOf(identity, aud)],
    status: 'online',
    logIndex: 0,
    ...otherwise,
  }
}
