// Where rows of different heights lie, in logarithmic time: a Fenwick tree over their heights. Those that were not seen yet have
// the height that rows have on average.

export class Heights {
  readonly #measured = new Map<string, number>()
  readonly #estimate: number
  #keys: readonly string[] = []
  #indices = new Map<string, number>()
  #tree = new Float64Array(1)

  /** `estimate` in pixels. */
  constructor(estimate: number) {
    this.#estimate = estimate
  }

  get count(): number {
    return this.#keys.length
  }

  /** Of all rows together. */
  get total(): number {
    return this.offsetOf(this.count)
  }

  /** The rows from the top; what was measured of those that stay is kept. */
  setRows(keys: readonly string[]): void {
    this.#keys = keys
    this.#indices = new Map(keys.map((key, index) => [key, index]))
    const tree = new Float64Array(keys.length + 1)
    for (const [index, key] of keys.entries()) {
      const at = index + 1
      tree[at] = (tree[at] ?? 0) + this.#heightOf(key)
      const parent = at + (at & -at)
      if (parent < tree.length) tree[parent] = (tree[parent] ?? 0) + (tree[at] ?? 0)
    }
    this.#tree = tree
  }

  /** True when that moved something. */
  measure(key: string, height: number): boolean {
    const before = this.#heightOf(key)
    this.#measured.set(key, height)
    const index = this.#indices.get(key)
    if (index === undefined || before === height) return false
    for (let at = index + 1; at < this.#tree.length; at += at & -at) {
      this.#tree[at] = (this.#tree[at] ?? 0) + height - before
    }
    return true
  }

  indexOf(key: string): number | undefined {
    return this.#indices.get(key)
  }

  keyAt(index: number): string | undefined {
    return this.#keys[index]
  }

  /** The sum of the heights above the row. */
  offsetOf(index: number): number {
    let sum = 0
    for (let at = Math.min(index, this.count); at > 0; at -= at & -at) sum += this.#tree[at] ?? 0
    return sum
  }

  /** The row that covers `offset`; the first or the last beyond the ends, -1 when there is none. */
  indexAt(offset: number): number {
    let index = 0
    let left = Math.max(0, offset)
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, this.count))); step >= 1; step /= 2) {
      const at = index + step
      const sum = this.#tree[at]
      if (sum === undefined || at > this.count || sum > left) continue
      index = at
      left -= sum
    }
    return Math.min(index, this.count - 1)
  }

  #heightOf(key: string): number {
    return this.#measured.get(key) ?? this.#estimate
  }
}
