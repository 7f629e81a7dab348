import { destination, type Logger, pino } from 'pino'

/** Lines for people on a terminal, JSON for machines; always on stderr, because stdout is for what was asked. */
export async function createLogger(level: string): Promise<Logger> {
  if (!process.stderr.isTTY) return pino({ level }, destination({ dest: 2, sync: true }))
  const { default: pretty } = await import('pino-pretty')
  return pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname' }))
}
