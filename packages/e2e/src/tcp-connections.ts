import { readFile } from 'node:fs/promises'

const ESTABLISHED = '01'

/** How many TCP connections to a port of this machine are open, over all its processes. Linux only: proc(5), /proc/net/tcp. */
export async function connectionsTo(port: number): Promise<number> {
  const [, ...lines] = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n')
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const isOurs = (line: string): boolean => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === ESTABLISHED && local.endsWith(`:${wanted}`)
  }
  return lines.filter(isOurs).length
}
