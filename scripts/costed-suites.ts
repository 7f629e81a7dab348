import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterAll, expect } from 'vitest'
import { COSTS_ENV, spent } from './running/costs.ts'
import { ROOT } from './running/process-group.ts'

// Loaded anew before each suite: writes down what processor time the suite takes (`running/costs.ts`).
const path = process.env[COSTS_ENV]
const before = spent()

if (path !== undefined)
  afterAll(() => {
    const { ownMs, childrenMs } = spent()
    const suite = relative(ROOT, expect.getState().testPath ?? '')
    const cost = { suite, ownMs: ownMs - before.ownMs, childrenMs: childrenMs - before.childrenMs }
    appendFileSync(path, `${JSON.stringify(cost)}\n`)
  })
