import { constants } from 'node:os'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALLED = 128

/** Aborts at the first of these signals. Somebody who asks twice does not want to wait for what is under way. */
export function stopSignals(): Disposable & { readonly signal: AbortSignal } {
  const asked = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (asked.signal.aborted) process.exit(SIGNALLED + constants.signals[name])
    asked.abort()
  }
  for (const name of STOP_SIGNALS) process.on(name, onSignal)
  return {
    signal: asked.signal,
    [Symbol.dispose]: () => {
      for (const name of STOP_SIGNALS) process.off(name, onSignal)
    },
  }
}
