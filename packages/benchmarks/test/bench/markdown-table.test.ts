import { expect, test } from 'vitest'
import { renderReport } from '#bench/markdown-table.ts'

test('figures and goals stand in columns, and a goal says whether it is reached', () => {
  const text = renderReport({
    title: 'two things',
    columns: [
      { title: 'per second', digits: 0 },
      { title: 'ratio', digits: 2 },
    ],
    rows: [
      { label: 'fast', cells: [1_234_567.8, 1] },
      { label: 'slow one', cells: [9, undefined] },
    ],
    goals: [
      { label: 'ratio', value: 0.5, digits: 2, bound: { atLeast: 0.5 } },
      { label: 'wait', value: 4.04, digits: 1, bound: { atMost: 4 } },
      { label: 'unknown', value: Number.NaN, digits: 1, bound: { atMost: 4 } },
    ],
  })
  expect(text).toBe(
    [
      'two things',
      '',
      '|          | per second | ratio |',
      '| -------- | ---------: | ----: |',
      '| fast     |  1,234,568 |  1.00 |',
      '| slow one |          9 |       |',
      '',
      '|         | figure |  goal |     |',
      '| ------- | -----: | ----: | --: |',
      '| ratio   |   0.50 | ≥ 0.5 |   ✓ |',
      '| wait    |    4.0 |   ≤ 4 |   ✗ |',
      '| unknown |      ? |   ≤ 4 |   ✗ |',
    ].join('\n'),
  )
})
