import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Directory, type DirectoryOptions, startDirectory as start } from '@parley/directory-server'

/** A real directory in this process, on a free port and a temporary data directory that is gone at the end. */
export class RunningDirectory implements AsyncDisposable {
  /** Where its memory is. */
  readonly dataDir: string
  readonly url: string
  readonly #root: string
  readonly #options: Partial<DirectoryOptions>
  #running: Directory

  constructor(root: string, options: Partial<DirectoryOptions>, running: Directory) {
    this.#root = root
    this.dataDir = dataDirIn(root)
    this.#options = options
    this.#running = running
    this.url = running.url
  }

  stop(): Promise<void> {
    return this.#running.stop()
  }

  /** The same directory again, at the same address; or one with another memory. */
  async restart(dataDir = this.dataDir): Promise<void> {
    await this.stop()
    this.#running = await start({ port: Number(new URL(this.url).port), ...this.#options, dataDir })
  }

  /** What its operator does with SIGHUP. */
  reload(): void {
    this.#running.reload?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.#root, { recursive: true, force: true })
  }
}

export async function startDirectory(options: Partial<DirectoryOptions> = {}): Promise<RunningDirectory> {
  const root = await mkdtemp(join(tmpdir(), 'parley-test-'))
  return new RunningDirectory(root, options, await start({ port: 0, ...options, dataDir: dataDirIn(root) }))
}

function dataDirIn(root: string): string {
  return join(root, 'directory')
}
