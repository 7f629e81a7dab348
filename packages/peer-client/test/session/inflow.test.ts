import { PassThrough } from 'node:stream'
import { encodeFrame } from '@parley/shared/wire/frames.ts'
import { describe, expect, test } from 'vitest'
import { InboundBudget } from '#session/inbound-budget.ts'
import { Inflow } from '#session/inflow.ts'
import { ManualClock } from './manual-clock.ts'

const never = new AbortController().signal

function framed(text: string): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(text.length)
  return Buffer.concat([head, Buffer.from(text)])
}

function start(maxBytes = 1_000_000, budget = new InboundBudget(Number.POSITIVE_INFINITY)) {
  const socket = new PassThrough()
  const clock = new ManualClock()
  const inflow = new Inflow(socket, clock, maxBytes, budget)
  const seen: string[] = []
  const handlers = {
    frame: (body: Uint8Array): void => {
      seen.push(Buffer.from(body).toString())
    },
    broken: (error: unknown) => {
      seen.push(`broken: ${error instanceof Error ? error.message : 'unknown'}`)
    },
    ended: () => {
      seen.push('ended')
    },
  }
  return { socket, clock, inflow, seen, handlers }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the way in', () => {
  test('gives the first frame alone and keeps the others until they are handled', async () => {
    const { socket, inflow, seen, handlers } = start()
    socket.write(Buffer.concat([framed('hello'), framed('one'), framed('two')]))
    expect(Buffer.from((await inflow.first(never)) ?? []).toString()).toBe('hello')
    await turn()
    expect(seen).toEqual([])
    inflow.start(handlers)
    expect(seen).toEqual(['one', 'two'])
  })

  test('gives a first frame that came before it was asked for', async () => {
    const { socket, inflow } = start()
    socket.write(framed('hello'))
    await turn()
    expect(Buffer.from((await inflow.first(never)) ?? []).toString()).toBe('hello')
  })

  test('tells an end before the first frame', async () => {
    const { socket, inflow } = start()
    socket.end(framed('hello').subarray(0, 6))
    expect(await inflow.first(never)).toBeUndefined()
  })

  test('rejects a first frame longer than a hello', async () => {
    const { socket, inflow } = start()
    socket.write(framed('x'.repeat(4_097)))
    await expect(inflow.first(never)).rejects.toMatchObject({ code: 'too-long' })
  })

  test('stops waiting for the first frame with the signal', async () => {
    const { inflow } = start()
    const controller = new AbortController()
    const first = inflow.first(controller.signal)
    controller.abort()
    await expect(first).rejects.toMatchObject({ name: 'SessionError', code: 'aborted' })
    await expect(inflow.first(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
  })

  test('does not read on behind the first frame until somebody handles what comes', async () => {
    const { socket, inflow } = start()
    socket.write(framed('hello'))
    await inflow.first(never)
    await turn()
    expect(inflow.isPaused).toBe(true)
  })

  test('tells bytes that are no frames, that came behind the first frame, when it is started', async () => {
    const { socket, inflow, seen, handlers } = start()
    socket.write(Buffer.concat([framed('hello'), framed('one'), Buffer.alloc(4)]))
    await inflow.first(never)
    inflow.start(handlers)
    expect(seen).toEqual(['one', 'broken: a frame of no bytes'])
  })

  test('hands over one frame at a time, in order', async () => {
    const { socket, inflow, seen, handlers } = start()
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let next = 0
    inflow.start({
      ...handlers,
      frame: (body) => {
        handlers.frame(body)
        const gate = gates[next]
        next += 1
        return gate?.promise
      },
    })
    socket.write(Buffer.concat(['one', 'two', 'three', 'four'].map(framed)))
    await turn()
    expect(seen).toEqual(['one'])
    gates[0]?.resolve()
    await turn()
    expect(seen).toEqual(['one', 'two'])
    gates[1]?.resolve()
    await turn()
    expect(seen).toEqual(['one', 'two', 'three', 'four'])
  })

  test('reads no further while too much is unfinished, and goes on when it is done', async () => {
    const { socket, inflow, seen, handlers } = start(1_000)
    const gate = Promise.withResolvers<void>()
    inflow.start({
      ...handlers,
      frame: (body) => {
        handlers.frame(body)
        return seen.length === 1 ? gate.promise : undefined
      },
    })
    socket.write(Buffer.concat(Array.from({ length: 10 }, (_, i) => framed(`${i}`.repeat(100)))))
    await turn()
    expect(inflow.isPaused).toBe(true)
    gate.resolve()
    await turn()
    expect(inflow.isPaused).toBe(false)
    expect(seen).toHaveLength(10)
  })

  test('when all together hold too much, those with more than their part are read no further', async () => {
    const budget = new InboundBudget(3_000)
    const gate = Promise.withResolvers<void>()
    const [large, small, idle] = [start(10_000, budget), start(10_000, budget), start(10_000, budget)]
    for (const { inflow, handlers } of [large, small, idle]) inflow.start({ ...handlers, frame: () => gate.promise })
    small.socket.write(framed('x'.repeat(500)))
    large.socket.write(framed('x'.repeat(2_000)))
    await turn()
    expect([large, small, idle].map(({ inflow }) => inflow.isPaused)).toEqual([false, false, false])
    large.socket.write(framed('x'.repeat(500)))
    await turn()
    expect([large, small, idle].map(({ inflow }) => inflow.isPaused)).toEqual([true, false, false])
    gate.resolve()
    await turn()
    expect([large, small, idle].map(({ inflow }) => inflow.isPaused)).toEqual([false, false, false])
  })

  test('what a stopped one held no longer counts for the others', async () => {
    const budget = new InboundBudget(1_000)
    const [one, other] = [start(10_000, budget), start(10_000, budget)]
    for (const { inflow, handlers } of [one, other]) {
      inflow.start({ ...handlers, frame: () => new Promise(() => {}) })
    }
    for (const { socket } of [one, other]) socket.write(framed('x'.repeat(800)))
    await turn()
    expect(other.inflow.isPaused).toBe(true)
    one.inflow.stop()
    expect(other.inflow.isPaused).toBe(false)
  })

  test('tells the end after the last frame was handled', async () => {
    const { socket, inflow, seen, handlers } = start()
    const gate = Promise.withResolvers<void>()
    inflow.start({
      ...handlers,
      frame: (body) => {
        handlers.frame(body)
        return gate.promise
      },
    })
    socket.end(Buffer.concat([framed('one'), framed('two')]))
    await turn()
    expect(seen).toEqual(['one'])
    gate.resolve()
    await turn()
    expect(seen).toEqual(['one', 'two', 'ended'])
  })

  test('handles nothing more once a handler failed or it was stopped from inside a handler', async () => {
    for (const fail of ['throws', 'rejects', 'stops'] as const) {
      const { socket, inflow, seen, handlers } = start()
      inflow.start({
        ...handlers,
        frame: (body) => {
          handlers.frame(body)
          if (fail === 'throws') throw new Error('thrown')
          if (fail === 'rejects') return Promise.reject(new Error('rejected'))
          inflow.stop()
          return undefined
        },
      })
      socket.end(Buffer.concat([framed('one'), framed('two')]))
      await turn()
      const outcome = { throws: ['one', 'broken: thrown'], rejects: ['one', 'broken: rejected'], stops: ['one'] }
      expect(seen).toEqual(outcome[fail])
    }
  })

  test('keeps nothing of the frames it handed over, however many come', async () => {
    const { socket, inflow, handlers } = start()
    const seen: number[] = []
    let gate = Promise.withResolvers<void>()
    inflow.start({
      ...handlers,
      frame: (body) => {
        seen.push(body.length)
        return gate.promise
      },
    })
    const ping = encodeFrame({ type: 6 })
    for (let i = 0; i < 5_000; i += 1) socket.write(ping)
    while (seen.length < 5_000) {
      gate.resolve()
      await turn()
      gate = Promise.withResolvers<void>()
    }
    expect(new Set(seen)).toEqual(new Set([ping.length - 4]))
  })

  test('knows how much came and when', async () => {
    const { socket, clock, inflow } = start()
    clock.advance(50)
    socket.write('abc')
    await turn()
    expect(inflow.receivedBytes).toBe(3)
    expect(inflow.heardAtMs).toBe(50)
  })
})
