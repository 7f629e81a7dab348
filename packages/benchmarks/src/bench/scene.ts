import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, type ChildOptions } from './child.ts'
import type { Numbers } from './note.ts'

export interface SceneOptions {
  readonly signal: AbortSignal
  /** Where each process leaves its CPU profile, if anywhere. */
  readonly cpuProfiles?: string | undefined
  /** In the names of those files. */
  readonly label: string
}

type StartOptions = Pick<ChildOptions, 'name' | 'program' | 'args'>

/** A temporary directory and the processes of one measurement; all of it is gone at the end. */
export class Scene implements AsyncDisposable {
  readonly dir: string
  readonly #options: SceneOptions
  readonly #children: Child[] = []

  private constructor(dir: string, options: SceneOptions) {
    this.dir = dir
    this.#options = options
  }

  static async open(options: SceneOptions): Promise<Scene> {
    options.signal.throwIfAborted()
    return new Scene(await mkdtemp(join(tmpdir(), 'parley-bench-')), options)
  }

  get signal(): AbortSignal {
    return this.#options.signal
  }

  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts)
  }

  /** Rejects with BenchError `child-failed`. */
  async start(options: StartOptions): Promise<{ child: Child; ready: Numbers }> {
    const { signal } = this.#options
    const started = await Child.start({ ...options, signal, nodeFlags: this.#profilingFlags(options.name) })
    this.#children.push(started.child)
    return started
  }

  /** Lets all processes finish, the last one started first. */
  async end(): Promise<void> {
    for (const child of this.#children.splice(0).toReversed()) await child.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()))
    await rm(this.dir, { recursive: true, force: true })
  }

  #profilingFlags(name: string): string[] {
    const { cpuProfiles, label } = this.#options
    if (cpuProfiles === undefined) return []
    const file = `${label}-${name}.cpuprofile`.replaceAll(/[^a-z0-9.]+/gi, '-')
    return ['--cpu-prof', `--cpu-prof-dir=${cpuProfiles}`, `--cpu-prof-name=${file}`]
  }
}
