// A bot in thirty lines: it answers everybody with what they said, each message once, whatever is stopped and started in between.
// Run it beside the daemon of its profile: node docs/examples/echo-bot.ts ~/.local/share/parley/echo
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import { API_TOKEN_FILE, DAEMON_FILE, DaemonFile } from '@parley/shared/local-api/daemon-file.ts'

const [, , profile = '.'] = process.argv
const { url } = DaemonFile.parse(JSON.parse(await readFile(join(profile, DAEMON_FILE), 'utf8')))
const client = new ApiClient({ url, token: (await readFile(join(profile, API_TOKEN_FILE), 'utf8')).trim() })
const end = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => end.abort())
console.log(`${(await client.status()).name} echoes`)

while (!end.signal.aborted) {
  // The daemon keeps the cursor: what came while the bot was away is read now.
  const { messages, next } = await client
    .received({ cursor: 'echo-bot', waitMs: 60_000, signal: end.signal })
    .catch(stopped)
  for (const { id, account, kind, text } of messages) {
    // Should the bot die before the cursor moves, the same key sends nothing twice.
    if (kind === 'text') await client.send(account, text, { replyTo: id, idempotencyKey: `echo-${id}` })
  }
  if (next !== '') await client.moveCursor('echo-bot', next)
}

function stopped(error: unknown): { messages: []; next: '' } {
  if (end.signal.aborted) return { messages: [], next: '' }
  throw error
}
