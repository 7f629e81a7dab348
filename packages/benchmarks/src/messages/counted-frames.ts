// frame = u32 length, then that many bytes. A message is MESSAGE_BYTES long; a mark is one byte, and asks how many messages came
// before it. The answer is eight bytes the other way, so the sender knows that everything arrived.
import type { Duplex } from 'node:stream'
import { FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { pace } from '#bench/load.ts'
import type { Numbers } from '#bench/note.ts'
import { MESSAGE_BYTES } from './flow.ts'

const MARK = Buffer.from([0, 0, 0, 1, 0])

const BODY = Buffer.alloc(MESSAGE_BYTES, 'm')

/** A message in a frame of its own: an application has other bytes each time. */
export function messageFrame(): Uint8Array {
  const frame = Buffer.allocUnsafe(4 + MESSAGE_BYTES)
  frame.writeUInt32BE(MESSAGE_BYTES, 0)
  frame.set(BODY, 4)
  return frame
}

/** Counts messages and answers marks until the socket ends. */
export function countFrames(socket: Duplex): void {
  let count = 0
  const reader = new FrameReader((body) => {
    if (body.length === MESSAGE_BYTES) {
      count += 1
      return
    }
    const answer = Buffer.alloc(8)
    answer.writeBigUInt64BE(BigInt(count))
    count = 0
    socket.write(answer)
  })
  socket.on('data', (chunk: Uint8Array) => reader.push(chunk))
}

/** Sends messages as long as `more` says so; resolves with their number. */
export type Pour = (socket: Duplex, more: () => boolean) => Promise<number>

/** The answer to `pour`. Throws when the other side counted another number than was sent. */
export async function timePour(socket: Duplex, pour: Pour, load: Numbers): Promise<Numbers> {
  const start = performance.now()
  const messages = await pour(socket, pace(load))
  socket.write(MARK)
  const counted = await nextAnswer(socket)
  const ms = performance.now() - start
  if (counted !== messages) throw new Error(`${messages} messages were sent, ${counted} arrived`)
  return { messages, ms }
}

function nextAnswer(socket: Duplex): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  socket.once('data', (answer: Buffer) => {
    if (answer.length === 8) resolve(Number(answer.readBigUInt64BE(0)))
    else reject(new TypeError('not the answer to a mark'))
  })
  return promise
}
