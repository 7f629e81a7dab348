import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Program } from './program.ts'
import type { Stage } from './stage.ts'

const execute = promisify(execFile)

export type NamespaceKind = 'net' | 'mount' | 'pid'

/**
 * Linux namespaces that live as long as a process that holds them; see namespaces(7). They belong to a user namespace, so nobody
 * has to be root, and programs in them see themselves as root.
 */
export class Namespace {
  readonly #holder: Program
  readonly #kinds: readonly NamespaceKind[]

  private constructor(holder: Program, kinds: readonly NamespaceKind[]) {
    this.#holder = holder
    this.#kinds = kinds
  }

  /** Over the same user namespace as `parent` when there is one; two networks can be joined only then. */
  static async open(stage: Stage, kinds: readonly NamespaceKind[], parent?: Namespace): Promise<Namespace> {
    const user = parent === undefined ? ['--user', '--map-root-user'] : []
    const holding = ['sh', '-c', 'echo held; exec cat >&2']
    const holder = stage.run({
      name: 'namespaces',
      command: [...(parent?.under ?? []), 'unshare', ...user, ...kinds.map((kind) => `--${kind}`), ...holding],
    })
    await holder.line((line) => (line === 'held' ? true : undefined))
    return new Namespace(holder, parent === undefined ? kinds : [...new Set([...parent.#kinds, ...kinds])])
  }

  /** The process that holds it. */
  get pid(): number {
    return this.#holder.pid
  }

  /** Goes before a command that shall run inside. */
  get under(): readonly string[] {
    const kinds = this.#kinds.filter((kind) => kind !== 'pid').map((kind) => `--${kind}`)
    return ['nsenter', '--target', String(this.pid), '--user', '--preserve-credentials', ...kinds, '--']
  }

  /** A path inside, seen from outside. */
  path(inside: string): string {
    return `/proc/${this.pid}/root${inside}`
  }

  /** Resolves when the command has ended well. Rejects with what it wrote. */
  async run(...command: readonly string[]): Promise<void> {
    const [file = '', ...args] = [...this.under, ...command]
    await execute(file, args)
  }
}
