import { readFile } from 'node:fs/promises'
import { eventually } from './eventually.ts'

/** One finished call of the main thread, in order. */
export interface SystemCall {
  readonly name: string
  /** What the file descriptor is: a path, or `TCP:[from->to]`. */
  readonly target: string
  /** The beginning of what was written. */
  readonly text: string
}

const CALLS = 'write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync'

/** strace(1): stays out of the way of signals (-D), follows threads (-f), names files and sockets (-yy), stops at no other calls. */
export function traced(file: string): string[] {
  return ['strace', '-D', '-f', '--seccomp-bpf', '-yy', '-s', '16', '-o', file, '-e', `trace=${CALLS}`]
}

/** Reads a trace to its end, which comes shortly after that of the program. */
export async function callsIn(file: string, pid: number): Promise<SystemCall[]> {
  // Short process ids are padded.
  const end = new RegExp(`^${pid} +\\+{3} (?:exited|killed)`, 'm')
  const trace = await eventually('the end of the trace', async () => {
    const text = await readFile(file, 'utf8')
    return end.test(text) ? text : undefined
  })
  const calls: SystemCall[] = []
  let unfinished: SystemCall | undefined
  for (const line of trace.split('\n')) {
    const [, thread, rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (Number(thread) !== pid) continue
    if (rest.startsWith('<... ')) {
      // Whatever it was, it is over only now.
      if (unfinished !== undefined && !rest.includes('= -1')) calls.push(unfinished)
      unfinished = undefined
      continue
    }
    const [, name, target, args = ''] = /^(\w+)\(\d+<(.*?)>(?=[,)]| <unfinished)(.*)$/.exec(rest) ?? []
    if (name === undefined || target === undefined) continue
    const text = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? ''
    const call = { name, target, text }
    if (args.endsWith('<unfinished ...>')) unfinished = call
    else if (!args.includes(') = -1')) calls.push(call)
  }
  return calls
}

/**
 * For each call that promises something, whether all that the write-ahead log of the database got before it was on the disk, by a
 * sync since the promise before it. SQLite syncs that log at every commit when `synchronous` is FULL: https://sqlite.org/wal.html
 */
export function keptPromises(calls: readonly SystemCall[], isPromise: (call: SystemCall) => boolean): boolean[] {
  const kept: boolean[] = []
  let isSynced = false
  for (const call of calls) {
    const isLog = call.target.endsWith('/parley.db-wal')
    if (isLog) isSynced = call.name === 'fdatasync' || call.name === 'fsync'
    if (!isPromise(call)) continue
    kept.push(isSynced)
    // The next one needs a sync of its own.
    isSynced = false
  }
  return kept
}
