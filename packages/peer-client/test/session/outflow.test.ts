import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Outflow } from '#session/outflow.ts'

/** A socket that takes one write at a time and is done with it when it is told. */
function slowSocket() {
  const writes: string[] = []
  let finish: (() => void) | undefined
  let hasEnded = false
  const socket = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk.toString())
      finish = done
    },
    final: (done) => {
      hasEnded = true
      done()
    },
  })
  const take = async () => {
    const done = finish
    finish = undefined
    done?.()
    await new Promise(setImmediate)
  }
  return { socket, writes, take, hasEnded: () => hasEnded }
}

const bytes = (text: string) => Buffer.from(text)
const tick = () => new Promise((resolve) => process.nextTick(resolve))

describe('the way out', () => {
  test('joins what is pushed in one go into one write, in order', async () => {
    const { socket, writes } = slowSocket()
    const outflow = new Outflow(socket, 1_000)
    for (const text of ['a', 'b', 'c']) expect(outflow.push(bytes(text))).toBe(true)
    expect(writes).toEqual([])
    await tick()
    expect(writes).toEqual(['abc'])
  })

  test('writes before whatever goes on in the same turn after the push', async () => {
    const { socket, writes } = slowSocket()
    const outflow = new Outflow(socket, 1_000)
    const pushed = Promise.resolve().then(() => outflow.push(bytes('a')))
    const seen = pushed.then(() => writes.length)
    expect(await seen).toBe(1)
  })

  test('joins what is pushed while a write is under way into the next one', async () => {
    const { socket, writes, take } = slowSocket()
    const outflow = new Outflow(socket, 1_000)
    outflow.push(bytes('a'))
    await tick()
    for (const text of ['b', 'c', 'd']) {
      outflow.push(bytes(text))
      await tick()
    }
    expect(writes).toEqual(['a'])
    await take()
    expect(writes).toEqual(['a', 'bcd'])
  })

  test('counts what has not left, and what has', async () => {
    const { socket, take } = slowSocket()
    const outflow = new Outflow(socket, 1_000)
    outflow.push(bytes('four'))
    outflow.push(bytes('five5'))
    expect(outflow.bufferedBytes).toBe(9)
    await tick()
    expect(outflow.bufferedBytes).toBe(9)
    expect(outflow.sentBytes).toBe(0)
    await take()
    expect(outflow.bufferedBytes).toBe(0)
    expect(outflow.sentBytes).toBe(9)
  })

  test('takes nothing beyond its limit, and again when there is room', async () => {
    const { socket, take } = slowSocket()
    const outflow = new Outflow(socket, 10)
    expect(outflow.push(Buffer.alloc(10))).toBe(true)
    expect(outflow.push(Buffer.alloc(1))).toBe(false)
    await tick()
    await take()
    expect(outflow.push(Buffer.alloc(1))).toBe(true)
  })

  test('splits what is large into several writes', async () => {
    const { socket, writes, take } = slowSocket()
    const outflow = new Outflow(socket, 10_000_000)
    for (let i = 0; i < 10; i += 1) outflow.push(Buffer.alloc(100_000, `${i}`))
    await tick()
    for (let i = 0; i < 10; i += 1) await take()
    expect(Math.max(...writes.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024)
    expect(writes.join('')).toBe(Array.from({ length: 10 }, (_, i) => `${i}`.repeat(100_000)).join(''))
  })

  test('finishing lets everything leave and then ends the stream; nothing is taken after it', async () => {
    const { socket, writes, take, hasEnded } = slowSocket()
    const outflow = new Outflow(socket, 1_000)
    outflow.push(bytes('a'))
    await tick()
    outflow.push(bytes('b'))
    outflow.finish()
    outflow.finish()
    expect(outflow.push(bytes('c'))).toBe(false)
    expect(hasEnded()).toBe(false)
    await take()
    expect(hasEnded()).toBe(false)
    await take()
    expect(writes).toEqual(['a', 'b'])
    expect(hasEnded()).toBe(true)
  })

  test('finishing with nothing to send ends the stream', async () => {
    const { socket, hasEnded } = slowSocket()
    new Outflow(socket, 1_000).finish()
    await tick()
    expect(hasEnded()).toBe(true)
  })

  test('stopping forgets what has not left, and wakes who waits for it', async () => {
    const { socket, writes } = slowSocket()
    const outflow = new Outflow(socket, 10_000_000)
    outflow.push(Buffer.alloc(1_000_000))
    const draining = outflow.drained()
    outflow.stop()
    await expect(draining).rejects.toMatchObject({ name: 'SessionError', code: 'ended' })
    await expect(outflow.drained()).rejects.toMatchObject({ code: 'ended' })
    await tick()
    expect(writes).toEqual([])
    expect(outflow.bufferedBytes).toBe(0)
    expect(outflow.push(bytes('a'))).toBe(false)
  })

  test('draining resolves at once when little waits, and else when little is left', async () => {
    const { socket, take } = slowSocket()
    const outflow = new Outflow(socket, 10_000_000)
    outflow.push(Buffer.alloc(1_000))
    await outflow.drained()
    outflow.push(Buffer.alloc(1_000_000))
    let isDrained = false
    const draining = outflow.drained().then(() => {
      isDrained = true
    })
    await tick()
    expect(isDrained).toBe(false)
    await take()
    await take()
    await draining
    expect(outflow.bufferedBytes).toBe(0)
  })
})
