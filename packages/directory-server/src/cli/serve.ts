import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Settings } from '#settings/settings.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { createLogger } from './logger.ts'

interface StartedDirectory extends AsyncDisposable {
  readonly url: string
  readonly directoryKey: string
  /** Reads its files again; absent when it has none. */
  readonly reload?: (() => void) | undefined
}

export type StartDirectory = (
  options: Settings & { readonly log: Logger; readonly onFailed: () => void },
) => Promise<StartedDirectory>

export interface ServeParts {
  readonly isJson: boolean
  readonly startDirectory: StartDirectory
}

/** Runs until SIGINT or SIGTERM, or until the disk fails. */
export async function serve(settings: Settings, { isJson, startDirectory }: ServeParts): Promise<ExitCode> {
  const ended = new AbortController()
  const stopped = once(ended.signal, 'abort')
  let exitCode: ExitCode = EXIT.done
  const onSignal = (signal: NodeJS.Signals) => {
    // Somebody who asks twice does not want to wait for what is under way.
    if (ended.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    ended.abort()
  }
  using heard = new DisposableStack()
  const hear = (signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void) => {
    process.on(signal, listener)
    heard.defer(() => process.off(signal, listener))
  }
  hear('SIGINT', onSignal)
  hear('SIGTERM', onSignal)
  const log = await createLogger(settings.logLevel)
  await using directory = await startDirectory({
    ...settings,
    log,
    onFailed: () => {
      exitCode = EXIT.io
      ended.abort()
    },
  })
  const { url, directoryKey, reload } = directory
  // Without files to read again the signal keeps its usual meaning: the terminal is gone.
  if (reload !== undefined) hear('SIGHUP', reload)
  console.log(isJson ? JSON.stringify({ event: 'ready', url, directoryKey }) : `Parley directory ready at ${url}`)
  await stopped
  return exitCode
}
