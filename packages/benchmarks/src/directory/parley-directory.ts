// The product in a process of its own, with a log as the program writes it: from `info` on, to a file.
import { startDirectory } from '@parley/directory-server'
import { destination, pino } from 'pino'
import { serveParent } from '#bench/serve-parent.ts'

const [, , dataDir = '', log = '', quiet] = process.argv
const HOUR_MS = 60 * 60 * 1000
const directory = await startDirectory({
  dataDir,
  port: 0,
  ...(quiet === 'quiet' && { limit: { PRESENCE_PING_MS: HOUR_MS, PRESENCE_DEAD_MS: 2 * HOUR_MS } }),
  log: pino({ level: 'info' }, destination({ dest: log, sync: true })),
})
await serveParent({ port: Number(new URL(directory.url).port) }, {})
await directory.stop()
