import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { z } from 'zod'
import { readJson } from './json-lines.ts'
import type { Program } from './program.ts'

const DATA_FILE = 'directory.sqlite'

const Ready = z.object({ event: z.literal('ready'), url: z.url(), directoryKey: z.string() })

/** The directory as a process that can be killed, and started again at the same address. */
export class DirectoryProgram {
  readonly url: string
  readonly dataDir: string
  readonly #launch: (args: readonly string[]) => Program
  #program: Program

  private constructor(launch: (args: readonly string[]) => Program, dataDir: string, program: Program, url: string) {
    this.url = url
    this.dataDir = dataDir
    this.#launch = launch
    this.#program = program
  }

  static async start(launch: (args: readonly string[]) => Program, dataDir: string): Promise<DirectoryProgram> {
    const program = launch(argsFor('0', dataDir))
    return new DirectoryProgram(launch, dataDir, program, await readyUrl(program))
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#program.end(signal)
  }

  /** Resolves when it answers again; with another data directory it is another directory at the same address. */
  async restart(dataDir = this.dataDir): Promise<void> {
    await this.kill()
    this.#program = this.#launch(argsFor(new URL(this.url).port, dataDir))
    await readyUrl(this.#program)
  }

  /** What it has on its disk now, as a data directory of its own, though it runs. */
  async copyData(to: string): Promise<void> {
    await cp(this.dataDir, to, { recursive: true, filter: (path) => !path.includes(DATA_FILE) })
    const database = new Sqlite(join(this.dataDir, DATA_FILE), { readonly: true, fileMustExist: true })
    try {
      await database.backup(join(to, DATA_FILE))
    } finally {
      database.close()
    }
  }
}

function argsFor(port: string, dataDir: string): string[] {
  return ['--json', '--port', port, '--data-dir', dataDir]
}

async function readyUrl(program: Program): Promise<string> {
  return (await program.line((line) => readJson(line, Ready))).url
}
