import { expect, test } from 'vitest'
import { merge } from '#api/merge.ts'

async function* of<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of source) all.push(value)
  return all
}

test('everything of all sources comes, each in its own order', async () => {
  const all = await collect(merge<number>([of(1, 2, 3), of(), of(10, 20)]))
  expect(all.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 10, 20])
  expect(all.filter((value) => value < 10)).toEqual([1, 2, 3])
  expect(await collect(merge([]))).toEqual([])
})

test('a silent source does not hold up the others', async () => {
  const silent = Promise.withResolvers<never>()
  async function* never(): AsyncGenerator<number> {
    yield await silent.promise
  }
  const seen: number[] = []
  for await (const value of merge([never(), of(1, 2)])) {
    seen.push(value)
    if (value === 2) break
  }
  expect(seen).toEqual([1, 2])
})

test('the first that fails ends it', async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1
    throw new Error('broken')
  }
  const never = (async function* (): AsyncGenerator<number> {
    yield await new Promise<never>(() => {})
  })()
  await expect(collect(merge([failing(), never]))).rejects.toThrow('broken')
})
