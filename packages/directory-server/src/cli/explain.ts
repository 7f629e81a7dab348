import { z } from 'zod'
import { AdmissionError } from '#http/admission-error.ts'
import { ListenError } from '#http/listen-error.ts'
import { SettingsError } from '#settings/settings-error.ts'
import { StoreError } from '#store/store-error.ts'
import { EXIT, type ExitCode } from './exit.ts'

export interface Explanation {
  readonly exitCode: ExitCode
  readonly sentence: string
}

/** One sentence for people about what ended a command, and the exit code. */
export function explain(error: unknown): Explanation {
  const sentence = messageOf(error)
  if (error instanceof SettingsError) return { exitCode: EXIT.usage, sentence }
  if (error instanceof AdmissionError) {
    return { exitCode: error.code === 'unsafe-token-file' ? EXIT.unsafe : EXIT.usage, sentence }
  }
  if (error instanceof ListenError) return { exitCode: EXIT_OF_LISTEN[error.code], sentence }
  if (error instanceof StoreError) return { exitCode: exitOfStore(error), sentence }
  return { exitCode: SystemError.safeParse(error).success ? EXIT.io : EXIT.internal, sentence }
}

const EXIT_OF_LISTEN: Readonly<Record<ListenError['code'], ExitCode>> = {
  'insecure-address': EXIT.usage,
  'bad-tls': EXIT.usage,
  'unsafe-tls-key': EXIT.unsafe,
  'address-in-use': EXIT.unavailable,
  'cannot-listen': EXIT.unavailable,
}

function exitOfStore({ code }: StoreError): ExitCode {
  if (code === 'no-database' || code === 'file-exists') return EXIT.usage
  if (code === 'data-dir-in-use') return EXIT.inUse
  if (code === 'unsafe-data-dir') return EXIT.unsafe
  return code === 'failed' ? EXIT.io : EXIT.internal
}

/** Node's system errors and those of SQLite carry a code. */
const SystemError = z.object({ code: z.string() })

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
