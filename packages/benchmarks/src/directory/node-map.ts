// Baseline: node:http and a Map, nothing else. GET answers with the text under the address; PUT reads JSON and keeps its text.
// Nothing is checked, and nothing outlives the process.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { User } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import { DirectoryKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { portOf } from '#bench/port.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { newPerson, statementOf } from './people.ts'
import { userName } from './user-names.ts'

const texts = new Map<string, string>()

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

function keep(request: IncomingMessage, response: ServerResponse, url: string): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const text = JSON.stringify(value)
    texts.set(url, text)
    answer(response, 201, text)
  })
}

/** What a directory tells of somebody with one device. */
async function someUser(): Promise<User> {
  const audience = audienceOf(generateKeyPair(DirectoryKey).publicKey)
  const person = await newPerson(userName(0), audience)
  const devices = await Promise.all(person.devices.map((device) => statementOf(person, device, audience)))
  const { accountId, name, record } = person
  return { accountId, name, record, devices, status: 'offline', observedAddress: '127.0.0.1', logIndex: 0 }
}

if (import.meta.main) {
  const [, , users = ''] = process.argv
  const user = await someUser()
  for (let number = 0; number < Number(users); number += 1) {
    const name = userName(number)
    texts.set(`/v1/users/${name}`, JSON.stringify({ ...user, name }))
  }
  const server = createServer((request, response) => {
    const { method, url = '' } = request
    if (method === 'PUT') keep(request, response, url)
    else answer(response, texts.has(url) ? 200 : 404, texts.get(url) ?? '{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await serveParent({ port: portOf(server) }, {})
  server.closeAllConnections()
  server.close()
}
