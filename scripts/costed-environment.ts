import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { TestEnvironment } from 'jest-environment-node'
import { COSTS_ENV, spent } from './running/costs.ts'
import { ROOT } from './running/process-group.ts'

/** jest's environment for Node, which moreover writes down what processor time each suite takes (`running/costs.ts`). */
export default class CostedEnvironment extends TestEnvironment {
  readonly #suite: string
  readonly #before = spent()

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context)
    this.#suite = relative(ROOT, context.testPath)
  }

  override async teardown(): Promise<void> {
    await super.teardown()
    const path = process.env[COSTS_ENV]
    if (path === undefined) return
    const { ownMs, childrenMs } = spent()
    const cost = {
      suite: this.#suite,
      ownMs: ownMs - this.#before.ownMs,
      childrenMs: childrenMs - this.#before.childrenMs,
    }
    appendFileSync(path, `${JSON.stringify(cost)}\n`)
  }
}
