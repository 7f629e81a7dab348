import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { afterEach, describe, expect, test } from 'vitest'
import type { Link, Listener, Transport } from '#transport/transport.ts'

export interface TransportUnderTest {
  readonly transport: Transport
  /** Where this transport can listen and be dialled from itself. */
  readonly host: string
}

/** What every transport promises, whatever carries its bytes. */
export function describeTransport(name: string, make: () => TransportUnderTest): void {
  describe(`transport over ${name}`, () => {
    const opened: Link[] = []
    const listeners: Listener[] = []

    afterEach(async () => {
      for (const { stream } of opened.splice(0)) stream.destroy()
      for (const listener of listeners.splice(0)) await listener.stop()
    })

    function own(link: Link): Link {
      link.stream.on('error', () => {})
      opened.push(link)
      return link
    }

    async function listen({ transport, host }: TransportUnderTest, port = 0) {
      const arrivals: Link[] = []
      const waiting: ((link: Link) => void)[] = []
      const listener = await transport.listen({ host, port }, (link) => {
        own(link)
        const next = waiting.shift()
        if (next === undefined) arrivals.push(link)
        else next(link)
      })
      listeners.push(listener)
      const endpoint: Endpoint = { transport: 'tcp', host, port: listener.port }
      const arrival = () =>
        new Promise<Link>((resolve) => {
          const link = arrivals.shift()
          if (link === undefined) waiting.push(resolve)
          else resolve(link)
        })
      return { listener, endpoint, arrival }
    }

    async function pair(): Promise<{ near: Duplex; far: Duplex; nearLink: Link; farLink: Link }> {
      const under = make()
      const { endpoint, arrival } = await listen(under)
      const nearLink = own(await under.transport.dial(endpoint))
      const farLink = await arrival()
      return { near: nearLink.stream, far: farLink.stream, nearLink, farLink }
    }

    test('bytes arrive in both directions as they were sent', async () => {
      const { near, far } = await pair()
      near.end('from the dialler')
      far.end('from the listener')
      const [atFar, atNear] = await Promise.all([buffer(far), buffer(near)])
      expect(atFar.toString()).toBe('from the dialler')
      expect(atNear.toString()).toBe('from the listener')
    })

    test('both sides say what path the link takes and where the bytes come from', async () => {
      const { nearLink, farLink } = await pair()
      for (const link of [nearLink, farLink]) {
        expect(link.path).toBe('direct')
        expect(link.remoteAddress).toEqual(expect.any(String))
      }
    })

    test('one direction can end while the other goes on', async () => {
      const { near, far } = await pair()
      const ended = once(far, 'end')
      far.resume()
      near.end()
      await ended
      far.end('an answer after the end')
      expect((await buffer(near)).toString()).toBe('an answer after the end')
    })

    test('a side that is destroyed closes the other', async () => {
      const { near, far } = await pair()
      const closed = new Promise((resolve) => far.once('close', resolve))
      far.on('end', () => far.end())
      far.resume()
      near.destroy()
      await closed
      expect(far.destroyed).toBe(true)
    })

    test('a writer is pushed back by a reader that does not read, and goes on when it does', async () => {
      const { near, far } = await pair()
      const block = Buffer.alloc(64 * 1024, 7)
      let written = 0
      // Kernels buffer some megabytes; a transport that took 256 MiB would not be pushing back.
      while (near.write(block)) {
        written += block.length
        expect(written).toBeLessThan(256 * 1024 * 1024)
        await new Promise(setImmediate)
      }
      written += block.length
      const drained = once(near, 'drain')
      let read = 0
      far.on('data', (chunk: Buffer) => {
        read += chunk.length
      })
      await drained
      const ended = once(far, 'end')
      near.end()
      await ended
      expect(read).toBe(written)
    })

    test('a thousand small writes arrive whole and in order', async () => {
      const { near, far } = await pair()
      let expected = ''
      for (let i = 0; i < 1_000; i += 1) {
        near.write(`${i},`)
        expected += `${i},`
      }
      near.end()
      expect((await buffer(far)).toString()).toBe(expected)
    })

    test('ten megabytes arrive whole', async () => {
      const { near, far } = await pair()
      const bytes = Buffer.alloc(10 * 1024 * 1024)
      for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32BE(i, i)
      near.end(bytes)
      expect(bytes.equals(await buffer(far))).toBe(true)
    })

    test('a dial where nobody listens is refused', async () => {
      const under = make()
      const { listener, endpoint } = await listen(under)
      await listener.stop()
      await expect(under.transport.dial(endpoint)).rejects.toMatchObject({ name: 'TransportError', code: 'refused' })
    })

    test('a dial whose signal was aborted before it began does not begin', async () => {
      const under = make()
      const { endpoint } = await listen(under)
      const signal = AbortSignal.abort()
      await expect(under.transport.dial(endpoint, { signal })).rejects.toMatchObject({ code: 'aborted' })
    })

    test('a dial under way ends when its signal aborts', async () => {
      const under = make()
      const { endpoint } = await listen(under)
      const controller = new AbortController()
      const dial = under.transport.dial(endpoint, { signal: controller.signal })
      controller.abort()
      await expect(dial).rejects.toMatchObject({ name: 'TransportError', code: 'aborted' })
    })

    test('a signal that aborts after the dial leaves the link alone', async () => {
      const under = make()
      const { endpoint, arrival } = await listen(under)
      const controller = new AbortController()
      const { stream } = own(await under.transport.dial(endpoint, { signal: controller.signal }))
      const far = await arrival()
      controller.abort()
      stream.end('still here')
      expect((await buffer(far.stream)).toString()).toBe('still here')
    })

    test('a listener that stops frees its port and lets its links live', async () => {
      const under = make()
      const first = await listen(under)
      const near = own(await under.transport.dial(first.endpoint))
      const far = await first.arrival()
      await first.listener.stop()
      await first.listener.stop()
      const second = await listen(under, first.endpoint.port)
      own(await under.transport.dial(second.endpoint))
      await second.arrival()
      near.stream.end('alive')
      expect((await buffer(far.stream)).toString()).toBe('alive')
    })

    test('a port is taken by one listener only', async () => {
      const under = make()
      const { endpoint } = await listen(under)
      await expect(listen(under, endpoint.port)).rejects.toMatchObject({
        name: 'TransportError',
        code: 'address-in-use',
      })
    })
  })
}
