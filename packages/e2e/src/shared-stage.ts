import { Stage } from './stage.ts'

/** One stage for all tests of a file, with what `build` put on it when the first of them asked; its owner disposes of it after the last. */
export class SharedStage<World> implements AsyncDisposable {
  readonly #build: (stage: Stage) => Promise<World>
  readonly #things = new AsyncDisposableStack()
  #built: Promise<{ stage: Stage; world: World }> | undefined

  constructor(build: (stage: Stage) => Promise<World>) {
    this.#build = build
  }

  /** The body of a test; when it fails, what the programs said is shown too. */
  with(body: (world: World, stage: Stage) => Promise<void>): () => Promise<void> {
    return async () => {
      this.#built ??= this.#open()
      const { stage, world } = await this.#built
      try {
        await body(world, stage)
      } catch (error) {
        console.error(stage.report())
        throw error
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#things.disposeAsync()
  }

  async #open(): Promise<{ stage: Stage; world: World }> {
    const stage = this.#things.use(await Stage.open())
    return { stage, world: await this.#build(stage) }
  }
}
