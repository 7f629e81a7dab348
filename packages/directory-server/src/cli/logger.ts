import { printable, printableJson } from '@parley/shared/terminal/printable.ts'
import { destination, type Logger, pino } from 'pino'

const HOOKS = { streamWrite: printableJson }

/** Lines for people on a terminal, JSON for machines; always on stderr, because stdout is for what was asked. */
export async function createLogger(level: string): Promise<Logger> {
  if (!process.stderr.isTTY) return pino({ level, hooks: HOOKS }, destination({ dest: 2, sync: true }))
  const { default: pretty } = await import('pino-pretty')
  const messageFormat = (log: Record<string, unknown>, key: string) => printable(String(log[key]))
  return pino({ level, hooks: HOOKS }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', messageFormat }))
}
