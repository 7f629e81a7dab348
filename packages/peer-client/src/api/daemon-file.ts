import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DAEMON_FILE, DaemonFile } from '@parley/shared/local-api/daemon-file.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { writePrivateFile } from '#identity/private-file.ts'

/** Tells clients of this profile where its daemon is. Only for who holds the lock of the profile. */
export async function writeDaemonFile(profile: string, daemon: DaemonFile): Promise<void> {
  await writePrivateFile(join(profile, DAEMON_FILE), `${JSON.stringify(DaemonFile.parse(daemon))}\n`, { replace: true })
}

/** Removes what this daemon wrote; what another one wrote meanwhile stays. Twice is safe. */
export async function removeDaemonFile(profile: string, daemon: DaemonFile): Promise<void> {
  const file = join(profile, DAEMON_FILE)
  try {
    const { pid, startedAt } = DaemonFile.parse(JSON.parse(await readFile(file, 'utf8')))
    if (pid === daemon.pid && startedAt === daemon.startedAt) await unlink(file)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}
