import { isUtf8 } from 'node:buffer'
import { readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { MAX_BLACKLIST_BYTES } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Blacklist, BlacklistError } from './blacklist.ts'

/** How often the file is looked at. */
const LOOK_MS = 2_000

const TEMPLATE = `# Whom this peer does not talk to, one entry a line. Saving the file is enough: it is read again at once.
#
# An account or a device, by its id (43 characters; see: parley peers --json):
#   k3VYxV0lq0mQ5mCqTq2cJ5o0fZp5xT1r0yq8o3b9c2A
# An address, or a network:
#   192.0.2.7
#   2001:db8:bad::/48
`

export interface BlacklistWatcher {
  /** A new list is in force. */
  readonly onChange: (list: Blacklist) => void
  /** The file changed and cannot be used: the list before it stays in force. */
  readonly onBroken: (error: Error) => void
}

/** The list of a file, as the file is now: a new version counts as a whole or not at all. */
export class BlacklistFile {
  readonly #path: string
  #list: Blacklist
  #look: (() => void) | undefined

  /** Makes the file, without an entry, when it is not there. Throws BlacklistError, with the path, or the error of the system. */
  constructor(path: string) {
    this.#path = path
    try {
      writeFileSync(path, TEMPLATE, { flag: 'wx', mode: 0o600 })
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
    }
    this.#list = this.#read()
  }

  get list(): Blacklist {
    return this.#list
  }

  /** Once, until `stop`. */
  watch({ onChange, onBroken }: BlacklistWatcher, everyMs = LOOK_MS): void {
    this.#look = () => {
      try {
        this.#list = this.#read()
      } catch (error) {
        onBroken(error instanceof Error ? error : new Error(String(error)))
        return
      }
      onChange(this.#list)
    }
    watchFile(this.#path, { interval: everyMs, persistent: false }, this.#look)
  }

  stop(): void {
    if (this.#look !== undefined) unwatchFile(this.#path, this.#look)
  }

  #read(): Blacklist {
    const path = this.#path
    try {
      const bytes = readFileSync(path)
      if (bytes.length > MAX_BLACKLIST_BYTES)
        throw new BlacklistError(1, `the file is larger than ${MAX_BLACKLIST_BYTES} bytes`)
      if (!isUtf8(bytes)) throw new BlacklistError(1, 'it is not text in UTF-8')
      return Blacklist.parse(bytes.toString('utf8'))
    } catch (error) {
      if (error instanceof BlacklistError)
        throw new BlacklistError(error.line, `${path}:${error.line}: ${error.message}`)
      throw error
    }
  }
}
