// Where the daemon's log goes: to the console for whoever started it, and to a file in the profile for whoever asks later.
import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MAX_LOG_FILE_BYTES } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { printable, printableJson } from '@parley/shared/terminal/printable.ts'
import { type DestinationStream, destination, type Level, type Logger, multistream, pino, stdTimeFunctions } from 'pino'
import { PROFILE_FILES } from '#identity/profile-directory.ts'

/**
 * Lines for people on a terminal, JSON for machines, on stderr, because stdout is for what was asked; JSON in the file. A profile
 * that is encrypted has no such file: with whom one talks, and when, would stand in it.
 */
export async function createDaemonLog(profile: string, level: string, isEncrypted: boolean): Promise<Logger> {
  const console = process.stderr.isTTY ? await prettyConsole() : destination({ dest: 2, sync: true })
  // Both get what the logger lets through: its own level is the only one.
  const file = isEncrypted ? [] : [new LogFile(join(profile, PROFILE_FILES.log))]
  const streams = [console, ...file].map((stream) => ({ stream, level: 'trace' satisfies Level as Level }))
  return pino(
    { level, timestamp: stdTimeFunctions.isoTime, hooks: { streamWrite: printableJson } },
    multistream(streams),
  )
}

async function prettyConsole(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: 2,
    sync: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    messageFormat: (log, key) => printable(String(log[key])),
  })
}

/** Appends; a file that has grown to MAX_LOG_FILE_BYTES becomes `.1`, and the `.1` before it is gone. */
class LogFile {
  readonly #path: string
  readonly #out: ReturnType<typeof destination>
  #bytes: number

  constructor(path: string) {
    this.#path = path
    this.#bytes = sizeOf(path)
    this.#out = destination({ dest: path, sync: true, append: true, mode: 0o600 })
  }

  write(line: string): void {
    if (this.#bytes >= MAX_LOG_FILE_BYTES) {
      renameSync(this.#path, `${this.#path}.1`)
      this.#out.reopen()
      this.#bytes = 0
    }
    this.#bytes += Buffer.byteLength(line)
    this.#out.write(line)
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0
    throw error
  }
}
