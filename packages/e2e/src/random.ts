/** The same seed gives the same choices. `PARLEY_E2E_SEED` asks for others than usual. */
export const SEED = Number(process.env['PARLEY_E2E_SEED'] ?? 1)

export interface Random {
  /** From 0 up to, and without, the end. */
  below(end: number): number
  pick<T>(from: readonly T[]): T
}

/** mulberry32: 32 bits of state, good enough to choose moments. */
export function seeded(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    pick: (from) => {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new RangeError('nothing to pick from')
      return picked
    },
  }
}
