/** What any of the sources gives, as it comes; each gives one more only after its last was taken. Ends with the last of them, throws with the first that does. */
export async function* merge<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T, void, undefined> {
  const ready: { readonly iterator: AsyncIterator<T>; readonly result: IteratorResult<T> }[] = []
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  const advance = (iterator: AsyncIterator<T>) => {
    iterator.next().then(
      (result) => {
        ready.push({ iterator, result })
        wake()
      },
      (error: unknown) => {
        failure ??= { error }
        wake()
      },
    )
  }
  for (const source of sources) advance(source[Symbol.asyncIterator]())
  let open = sources.length
  while (open > 0) {
    const next = ready.shift()
    if (next === undefined) {
      if (failure !== undefined) throw failure.error
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    } else if (next.result.done === true) {
      open -= 1
    } else {
      yield next.result.value
      advance(next.iterator)
    }
  }
}
