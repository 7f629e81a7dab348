import { expect, test } from 'vitest'
import { Slots } from '#slots.ts'

/** Work that ends when told to. */
function job(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  return {
    work: () => {
      log.push(name)
      return promise
    },
    end: () => resolve(name),
    fail: () => reject(new Error(name)),
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('never more at once than there are slots, and the urgent go before those who came first', async () => {
  const slots = new Slots(2)
  const log: string[] = []
  const jobs = ['a', 'b', 'c', 'd', 'e'].map((name) => job(log, name))
  const [a, b, c, d, e] = jobs
  if (!a || !b || !c || !d || !e) throw new Error('unreachable')
  const runs = [
    slots.run(a.work),
    slots.run(b.work),
    slots.run(c.work),
    slots.run(d.work, { isUrgent: true }),
    slots.run(e.work),
  ]
  await settled()
  expect(log).toEqual(['a', 'b'])
  a.end()
  await settled()
  expect(log).toEqual(['a', 'b', 'd'])
  d.fail()
  await expect(runs[3]).rejects.toThrow('d')
  await settled()
  expect(log).toEqual(['a', 'b', 'd', 'c'])
  for (const each of [b, c, e]) each.end()
  expect(await Promise.all([runs[0], runs[1], runs[2], runs[4]])).toEqual(['a', 'b', 'c', 'e'])
})

test('whoever gives up in line is gone from it, and takes no slot', async () => {
  const slots = new Slots(1)
  const log: string[] = []
  const first = job(log, 'first')
  const running = slots.run(first.work)
  const abort = new AbortController()
  const reason = new Error('enough')
  const givenUp = slots.run(job(log, 'never').work, { signal: abort.signal })
  const last = job(log, 'last')
  const lastRun = slots.run(last.work)
  abort.abort(reason)
  await expect(givenUp).rejects.toBe(reason)
  await expect(slots.run(job(log, 'late').work, { signal: abort.signal })).rejects.toBe(reason)
  first.end()
  await running
  last.end()
  expect(await lastRun).toBe('last')
  expect(log).toEqual(['first', 'last'])
})

test('a signal that aborts when the slot was just given does not lose the slot', async () => {
  const slots = new Slots(1)
  const log: string[] = []
  const first = job(log, 'first')
  const abort = new AbortController()
  const running = slots.run(first.work)
  const second = slots.run(() => Promise.resolve('second'), { signal: abort.signal })
  first.end()
  await running
  abort.abort()
  await second.catch(() => undefined)
  expect(await slots.run(() => Promise.resolve('third'))).toBe('third')
})
