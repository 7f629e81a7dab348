import type { Load } from './load.ts'
import type { Scene } from './scene.ts'

/** One thing that is measured. Its figures are what it yields in one round, in processes that are new each time. */
export interface Contestant<Figure extends string> {
  /** As it stands in the table. */
  readonly name: string
  /** As it stands in JSON and in file names. */
  readonly id: string
  measure(scene: Scene, load: Load): Promise<Readonly<Record<Figure, number>>>
}
