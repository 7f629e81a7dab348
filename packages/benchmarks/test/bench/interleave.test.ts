import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Contestant } from '#bench/contestant.ts'
import { interleave } from '#bench/interleave.ts'

const load = { messages: 1 }

/** Yields these figures, one in each round. */
function yielding(id: string, figures: readonly number[], onTurn: (dir: string) => void = () => undefined) {
  let round = 0
  const contestant: Contestant<'figure'> = {
    id,
    name: id,
    measure: async (scene) => {
      onTurn(scene.dir)
      const figure = figures[round] ?? Number.NaN
      round += 1
      return { figure }
    },
  }
  return contestant
}

test('contestants take turns, and every second round goes backwards', async () => {
  const turns: string[] = []
  const contestants = ['a', 'b', 'c'].map((id) => yielding(id, [1, 1, 1], () => turns.push(id)))
  await interleave(contestants, { rounds: 3, load, signal: new AbortController().signal })
  expect(turns.join('')).toBe('abccbaabc')
})

test('a ratio is the median of the ratios of the rounds, not the ratio of the medians', async () => {
  const [product, baseline] = [yielding('product', [10, 1, 6]), yielding('baseline', [20, 10, 10])]
  const results = await interleave([product, baseline], { rounds: 3, load, signal: new AbortController().signal })
  expect(results.median(product, 'figure')).toBe(6)
  expect(results.median(baseline, 'figure')).toBe(10)
  expect(results.ratio([product, 'figure'], [baseline, 'figure'])).toBe(0.5)
  expect(JSON.parse(JSON.stringify(results))).toEqual({
    product: [{ figure: 10 }, { figure: 1 }, { figure: 6 }],
    baseline: [{ figure: 20 }, { figure: 10 }, { figure: 10 }],
  })
})

test('each turn has a directory of its own, which is gone after it, also when the turn fails', async () => {
  const dirs: string[] = []
  const failing: Contestant<'figure'> = {
    id: 'failing',
    name: 'failing',
    measure: async (scene) => {
      dirs.push(scene.dir)
      await writeFile(scene.path('file'), 'left behind')
      throw new Error('cannot be measured')
    },
  }
  const contestants = [yielding('fine', [1], (dir) => dirs.push(dir)), failing]
  const run = interleave(contestants, { rounds: 1, load, signal: new AbortController().signal })
  await expect(run).rejects.toThrow('cannot be measured')
  expect(new Set(dirs).size).toBe(2)
  expect(dirs.filter((dir) => existsSync(dir))).toEqual([])
})

test('nothing begins after an abort', async () => {
  const abort = new AbortController()
  const turns: string[] = []
  const contestants = ['a', 'b'].map((id) =>
    yielding(id, [1], () => {
      turns.push(id)
      abort.abort(new Error('enough'))
    }),
  )
  await expect(interleave(contestants, { rounds: 2, load, signal: abort.signal })).rejects.toThrow('enough')
  expect(turns).toEqual(['a'])
})
