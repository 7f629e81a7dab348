import { statfs } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem, type } from 'node:os'

export interface Machine {
  readonly processors: number
  readonly model: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Processes that wanted a processor in the last minute, on average, before the benchmark began. */
  readonly load: number
  readonly scratch: string
  /** Temporary files are on a real disk: on one in memory an fsync costs nothing. */
  readonly isOnDisk: boolean
}

const GIB = 1024 ** 3

/** As statfs(2) names them on Linux: tmpfs and ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])

export async function describeMachine(): Promise<Machine> {
  const scratch = tmpdir()
  const [load = 0] = loadavg()
  return {
    processors: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / GIB),
    system: type(),
    node: process.version,
    load: Math.round(load * 10) / 10,
    scratch,
    isOnDisk: !IN_MEMORY.has((await statfs(scratch)).type),
  }
}

export function machineSentence({ processors, model, memoryGiB, system, node, load }: Machine): string {
  return `${processors} × ${model}, ${memoryGiB} GiB, ${system}, Node ${node}, load ${load} before the start`
}
