#!/usr/bin/env node
// `pnpm console`: a menu to try a directory by hand.
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Terminal } from '@parley/shared/terminal/terminal.ts'
import { EXIT, exitCodeOf, runConsole } from '#console.ts'
import { Interrupted } from '#console-error.ts'

/** Aborted with Interrupted by whoever wants the console to end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Somebody who asks twice does not want to wait.
      if (stop.signal.aborted) process.exit(exitCodeOf(signal))
      stop.abort(new Interrupted(signal))
    })
  }
  return stop.signal
}

process.umask(0o077)
// Whoever read the output has seen enough.
process.stdout.on('error', (error) => {
  if (systemErrorCode(error) === 'EPIPE') process.exit(EXIT.done)
  throw error
})
try {
  const args = process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === '--'))
  process.exitCode = await runConsole(args, {
    terminal: new Terminal({ out: process.stdout, errors: process.stderr, environment: process.env }),
    answers: process.stdin,
    environment: process.env,
    stop: stopSignal(),
  })
} catch (error) {
  console.error(error)
  process.exitCode = EXIT.internal
}
