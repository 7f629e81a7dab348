import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeCosts, spent } from '../running/costs.ts'

test('the dearest suites are named, with what their programs took', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  try {
    const path = join(folder, 'costs.jsonl')
    expect(describeCosts(path)).toEqual([])
    const costs = Array.from({ length: 12 }, (_, n) => ({ suite: `n${n}.test.ts`, ownMs: n * 1_000, childrenMs: 500 }))
    writeFileSync(path, costs.map((cost) => `${JSON.stringify(cost)}\n`).join(''))
    const [all, ...dearest] = describeCosts(path)
    expect(all).toContain('12 suites took 72.0 s of processor time')
    expect(dearest).toHaveLength(10)
    expect(dearest[0]).toBe('   11.5 s     0.5 s  n11.test.ts')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what programs took is counted once they have ended', () => {
  const before = spent()
  execFileSync(process.execPath, ['--eval', 'const end = Date.now() + 100; while (Date.now() < end);'])
  const { ownMs, childrenMs } = spent()
  expect(ownMs).toBeGreaterThan(before.ownMs)
  // Elsewhere nobody tells.
  expect(childrenMs - before.childrenMs).toBeGreaterThan(process.platform === 'linux' ? 0 : -1)
})
