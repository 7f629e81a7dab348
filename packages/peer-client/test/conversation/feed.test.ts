import { expect, test } from 'vitest'
import { Feed, FellBehindError } from '#conversation/feed.ts'

const forever = new AbortController().signal

test('a reader gets what is published from when it began, in order', async () => {
  const feed = new Feed<number>()
  feed.publish(1)
  const reader = feed.read(forever)
  feed.publish(2)
  feed.publish(3)
  const seen: number[] = []
  for await (const event of reader) {
    seen.push(event)
    if (event === 3) feed.publish(4)
    if (event === 4) break
  }
  expect(seen).toEqual([2, 3, 4])
})

test('a reader that waits is woken by the signal', async () => {
  const feed = new Feed<number>()
  const stop = new AbortController()
  const reading = (async () => {
    for await (const event of feed.read(stop.signal)) expect(event).toBeUndefined()
  })()
  stop.abort()
  await reading
})

test('a reader that falls behind is told, and the others are not', async () => {
  const feed = new Feed<number>(2)
  const slow = feed.read(forever)[Symbol.asyncIterator]()
  const quick = feed.read(forever)[Symbol.asyncIterator]()
  for (const event of [1, 2, 3]) {
    feed.publish(event)
    expect((await quick.next()).value).toBe(event)
  }
  await expect(slow.next()).rejects.toBeInstanceOf(FellBehindError)
})
