// One request after the other on each of some connections, on bare sockets: a client that costs little, so that it is not what is
// measured. All answers of one run have one length, which the first one tells; so nothing is parsed twice.
import { connect, type Socket } from 'node:net'
import type { Numbers } from '#bench/note.ts'
import { quantile } from '#bench/statistics.ts'

export interface Requests {
  readonly port: number
  readonly connections: number
  /** The bytes of the next request; undefined when there are no more. */
  readonly next: () => Uint8Array | undefined
  /** The status that every answer has. */
  readonly status: number
}

const HEAD_END = '\r\n\r\n'
const BUFFER_BYTES = 64 * 1024

/** Resolves with how many requests were answered, how long that took, and how long one took. Rejects at any other answer. */
export async function makeRequests({ port, connections, next, status }: Requests): Promise<Numbers> {
  const micros: number[] = []
  const start = performance.now()
  await Promise.all(Array.from({ length: connections }, () => keepAsking(port, next, status, micros)))
  const ms = performance.now() - start
  return { requests: micros.length, ms, p50Micros: quantile(micros, 0.5), p99Micros: quantile(micros, 0.99) }
}

function keepAsking(port: number, next: Requests['next'], status: number, micros: number[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let asked = 0
  let received = 0
  let answerBytes = 0
  const ask = () => {
    const request = next()
    if (request === undefined) {
      socket.destroy()
      resolve()
      return
    }
    received = 0
    asked = performance.now()
    socket.write(request)
  }
  const take = (size: number, bytes: Uint8Array): boolean => {
    try {
      if (received === 0) answerBytes = bytesOf(Buffer.from(bytes.buffer, bytes.byteOffset, size), status, answerBytes)
      received += size
      if (received > answerBytes) throw new Error(`${received} bytes came instead of ${answerBytes}`)
      if (received === answerBytes) {
        micros.push((performance.now() - asked) * 1000)
        ask()
      }
    } catch (error) {
      socket.destroy()
      reject(error)
    }
    return true
  }
  const socket: Socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: { buffer: Buffer.allocUnsafe(BUFFER_BYTES), callback: take },
  })
  socket.on('connect', ask).on('error', reject)
  socket.on('close', () => reject(new Error('the server ended the connection')))
  return promise
}

/** How long the answer is that begins here. Its head is read when the length is not known yet, and when it says something else. */
function bytesOf(begin: Buffer, status: number, known: number): number {
  if (Number(begin.toString('latin1', 9, 12)) !== status) throw new Error(`not ${status}: ${begin.toString('latin1')}`)
  if (known !== 0 && begin.length === known) return known
  const text = begin.toString('latin1')
  const headBytes = text.indexOf(HEAD_END) + HEAD_END.length
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, headBytes))?.[1]
  if (headBytes < HEAD_END.length || length === undefined) throw new Error(`not an answer in one piece: ${text}`)
  return headBytes + Number(length)
}
