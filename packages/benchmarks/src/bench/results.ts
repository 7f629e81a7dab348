import type { Contestant } from './contestant.ts'
import { figureOf } from './note.ts'
import { median } from './statistics.ts'

type Figures = Readonly<Record<string, number>>

/** The figures of all rounds. */
export class Results {
  readonly #rounds: ReadonlyMap<Contestant<string>, readonly Figures[]>

  constructor(rounds: ReadonlyMap<Contestant<string>, readonly Figures[]>) {
    this.#rounds = rounds
  }

  median<F extends string>(contestant: Contestant<F>, figure: F): number {
    return median(this.#all(contestant, figure))
  }

  /** The median of what each round yields: what else the machine did at that time weighs on both. */
  ratio<A extends string, B extends string>(
    [over, overFigure]: readonly [Contestant<A>, A],
    [under, underFigure]: readonly [Contestant<B>, B],
  ): number {
    const unders = this.#all(under, underFigure)
    return median(this.#all(over, overFigure).map((figure, round) => figure / (unders[round] ?? Number.NaN)))
  }

  toJSON(): Record<string, readonly Figures[]> {
    return Object.fromEntries([...this.#rounds].map(([{ id }, rounds]) => [id, rounds]))
  }

  #all(contestant: Contestant<string>, figure: string): number[] {
    const rounds = this.#rounds.get(contestant) ?? []
    return rounds.map((figures) => figureOf(figures, figure))
  }
}
