// WebSockets of devices that are online, many of them in one process.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FromDirectory } from '@parley/shared/directory-api/presence.ts'
import type { DeviceKey, Digest, Name } from '@parley/shared/ids.ts'
import type { KeyPair } from '@parley/shared/keys.ts'
import { MAX_DEVICES, MAX_WATCH_NAMES_PER_FRAME } from '@parley/shared/limits.ts'
import WebSocket from 'ws'
import { newPerson, type Person, presenceProof, register } from './people.ts'

/** How many of a kind are under way at once. */
const AT_ONCE = 32

export interface Visitor {
  readonly person: Person
  readonly device: KeyPair<DeviceKey>
}

export interface OpenSocket {
  readonly socket: WebSocket
  readonly tcp: Socket
}

/** Devices of accounts that are registered for this; as many as fit into one account, or one in each. */
export async function newVisitors(
  port: number,
  audience: Digest,
  { count, prefix, perAccount = MAX_DEVICES }: { count: number; prefix: string; perAccount?: number },
): Promise<Visitor[]> {
  const accounts = Array.from({ length: Math.ceil(count / perAccount) }, (_, index) => index)
  const people = await inTurns(accounts, async (index) => {
    const person = await newPerson(`${prefix}-${String(index).padStart(6, '0')}`, audience, perAccount)
    await register(port, person)
    return person
  })
  return people.flatMap((person) => person.devices.map((device) => ({ person, device }))).slice(0, count)
}

/** Online, and told of these names. */
export async function enter(
  port: number,
  audience: Digest,
  { person, device }: Visitor,
  watched: readonly Name[] = [],
): Promise<OpenSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/presence`, { perMessageDeflate: false })
  const upgraded = once(socket, 'upgrade')
  let snapshots = Math.ceil(watched.length / MAX_WATCH_NAMES_PER_FRAME)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('error', reject).on('close', () => reject(new Error('the directory closed a presence socket')))
  const take = async (frame: FromDirectory) => {
    if (frame.type === 'challenge') {
      const proof = await presenceProof(person, device, audience, frame.nonce)
      socket.send(JSON.stringify({ type: 'authenticate', proof }))
    }
    if (frame.type === 'ready') {
      for (let from = 0; from < watched.length; from += MAX_WATCH_NAMES_PER_FRAME) {
        const names = watched.slice(from, from + MAX_WATCH_NAMES_PER_FRAME)
        socket.send(JSON.stringify({ type: 'watch', names }))
      }
    }
    if (frame.type === 'presence') snapshots -= 1
    if (frame.type === 'problem') throw new Error(`refused: ${frame.detail}`)
    if (frame.type === 'prekeys' && snapshots === 0) resolve()
    if (frame.type === 'presence' && snapshots === 0) resolve()
  }
  const onMessage = (data: WebSocket.RawData) => {
    const frame = readFrame(data)
    take(frame).catch(reject)
  }
  socket.on('message', onMessage)
  await promise
  socket.off('message', onMessage)
  const [response] = (await upgraded) as [{ socket: Socket }]
  return { socket, tcp: response.socket }
}

/** What the directory said. */
export function readFrame(data: WebSocket.RawData): FromDirectory {
  if (!Buffer.isBuffer(data)) throw new TypeError('a message is expected in one piece')
  return FromDirectory.parse(JSON.parse(data.toString('utf8')))
}

/** All of them, some at once, in order. */
export async function inTurns<T, R>(items: readonly T[], perform: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(perform))))
  }
  return results
}
