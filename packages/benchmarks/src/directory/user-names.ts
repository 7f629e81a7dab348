/** The name of the user of this number; all are of one length. */
export function userName(number: number): string {
  return `user-${String(number).padStart(7, '0')}`
}

/** A walk through the numbers below `count` that jumps about and is the same each time (Numerical Recipes' generator). */
export function wander(count: number): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
}
