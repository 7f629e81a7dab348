import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { ClientFlags, defineCommand, jsonOption, profileOptions } from '../command.ts'
import { connectToDaemon, findDaemon } from '../daemon-connection.ts'
import { CliError, EXIT } from '../exit.ts'

const POLL_MS = 50
const MAX_STOP_MS = 30_000

export const stopCommand = defineCommand({
  syntax: 'stop',
  group: 'Your peer:',
  summary: 'stop your peer, and wait until it has',
  details: 'Nothing is lost: what waits goes out after the next start.',
  examples: [
    ['parley stop', 'stops the peer of the only profile'],
    ['parley stop --name alice', 'one of several'],
  ],
  options: [...profileOptions(), jsonOption()],
  args: z.tuple([]),
  flags: ClientFlags,
  run: async ({ actions, terminal, now }, _args, { json, ...choice }) => {
    const profile = await actions.locateProfile(choice)
    const { client, daemon } = await connectToDaemon(profile, choice)
    await client.stop()
    const deadline = now() + MAX_STOP_MS
    // The file is the last thing that a daemon leaves behind, and it does not outlive the process unless that was killed.
    const isRunning = async () => {
      const found = await findDaemon(profile)
      return found?.pid === daemon.pid && found.startedAt === daemon.startedAt
    }
    while (await isRunning()) {
      if (now() > deadline) {
        throw new CliError(
          EXIT.stillQueued,
          'timed-out',
          `the daemon (process ${daemon.pid}) is still stopping after ${MAX_STOP_MS / 1000} s`,
        )
      }
      await delay(POLL_MS)
    }
    if (json) terminal.json({ event: 'stopped' })
    else terminal.line('Stopped.')
    return EXIT.done
  },
})
