import { readFileSync } from 'node:fs'
import { AccountId, foldName, type Name } from '@parley/shared/ids.ts'
import type { Logger } from 'pino'
import { AdmissionError } from './admission-error.ts'

/** Who may register: a file of names and account ids, one on each line; what follows a `#` is a comment. */
export class AllowList {
  readonly #path: string
  #entries: ReadonlySet<string>

  /** Throws AdmissionError `bad-allow-list`. */
  constructor(path: string) {
    this.#path = path
    this.#entries = readEntries(path)
  }

  has(name: Name, accountId: AccountId): boolean {
    return this.#entries.has(name) || this.#entries.has(accountId)
  }

  /** Reads the file again. One that cannot be used is logged, and the list before stays. */
  reload(log: Logger): void {
    try {
      this.#entries = readEntries(this.#path)
      log.info({ entries: this.#entries.size }, 'allow list read again')
    } catch (error) {
      log.error({ err: error }, 'the allow list was not exchanged; the one before stays in use')
    }
  }
}

function readEntries(path: string): ReadonlySet<string> {
  return new Set(
    readText(path)
      .split('\n')
      .flatMap((line, index) => entryOf(line, `${path} line ${index + 1}`)),
  )
}

function entryOf(line: string, place: string): string[] {
  const [text = ''] = line.split('#')
  const entry = text.trim()
  if (entry === '') return []
  const read = AccountId.safeParse(entry).data ?? foldName(entry)
  if (read !== undefined) return [read]
  throw new AdmissionError('bad-allow-list', `${place}: ${JSON.stringify(entry)} is neither a name nor an account id`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AdmissionError('bad-allow-list', `--allow-list: ${why}`, { cause })
  }
}
