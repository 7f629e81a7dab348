import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { MemoryNetwork } from '#transport/memory.ts'
import type { Link } from '#transport/transport.ts'
import { describeTransport } from './describe-transport.ts'

describeTransport('memory', () => ({ transport: new MemoryNetwork().host('a'), host: 'a' }))
describeTransport('memory in pieces', () => ({
  transport: new MemoryNetwork({ maxChunkBytes: 1_000 }).host('a'),
  host: 'a',
}))

describe('the memory network', () => {
  async function linked(network: MemoryNetwork) {
    const arrived = Promise.withResolvers<Link>()
    const listener = await network.host('b').listen({ host: 'b', port: 0 }, arrived.resolve)
    const endpoint = { transport: 'tcp', host: 'b', port: listener.port } as const
    const near = await network.host('a').dial(endpoint)
    const far = await arrived.promise
    for (const { stream } of [near, far]) stream.on('error', () => {})
    return { near: near.stream, far: far.stream, farLink: far, endpoint }
  }

  test('names the host that dialled', async () => {
    const { farLink } = await linked(new MemoryNetwork())
    expect(farLink.remoteAddress).toBe('a')
  })

  test('cut resets the links between two hosts on both sides', async () => {
    const network = new MemoryNetwork()
    const { near, far } = await linked(network)
    const closed = Promise.all([near, far].map((end) => new Promise((resolve) => end.once('close', resolve))))
    expect(network.countLinks('a', 'b')).toBe(1)
    network.cut('b', 'a')
    await closed
    expect(network.countLinks('a', 'b')).toBe(0)
  })

  test('what is sent while frozen arrives after the thaw, in order', async () => {
    const network = new MemoryNetwork()
    const { near, far } = await linked(network)
    near.write('one ')
    network.freeze('a', 'b')
    near.write('two ')
    near.end('three')
    let heard = ''
    far.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
    expect(heard).toBe('one ')
    const ended = once(far, 'end')
    network.thaw('a', 'b')
    await ended
    expect(heard).toBe('one two three')
  })

  test('a side that is destroyed while frozen tells the other nothing', async () => {
    const network = new MemoryNetwork()
    const { near, far } = await linked(network)
    network.freeze('a', 'b')
    near.destroy()
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
    expect(far.destroyed).toBe(false)
    far.destroy()
  })

  test('a dial between frozen hosts hangs until it is given up or they thaw', async () => {
    const network = new MemoryNetwork()
    const { endpoint } = await linked(network)
    network.freeze('a', 'b')
    const controller = new AbortController()
    const given = network.host('a').dial(endpoint, { signal: controller.signal })
    const patient = network.host('a').dial(endpoint)
    controller.abort()
    await expect(given).rejects.toMatchObject({ code: 'aborted' })
    network.thaw('a', 'b', { old: false })
    const link = await patient
    expect(link.path).toBe('direct')
  })

  test('bytes can be delivered one at a time', async () => {
    const { near, far } = await linked(new MemoryNetwork({ maxChunkBytes: 1 }))
    near.end('one by one')
    expect((await buffer(far)).toString()).toBe('one by one')
  })
})
