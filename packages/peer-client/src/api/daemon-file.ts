import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DAEMON_FILE, DaemonFile } from '@parley/shared/local-api/daemon-file.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { writePrivateFile } from '#identity/private-file.ts'

/** Tells clients of this profile where its daemon is. Only for who holds the lock of the profile. */
export async function writeDaemonFile(profile: string, daemon: DaemonFile): Promise<void> {
  await writePrivateFile(join(profile, DAEMON_FILE), textOf(daemon), { replace: true })
}

/** Removes what this daemon wrote; what another one wrote meanwhile stays. Twice is safe. */
export async function removeDaemonFile(profile: string, daemon: DaemonFile): Promise<void> {
  const file = join(profile, DAEMON_FILE)
  try {
    const written = await readFile(file, 'utf8')
    if (written === textOf(daemon)) await unlink(file)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}

function textOf(daemon: DaemonFile): string {
  const { url, pid, startedAt } = DaemonFile.parse(daemon)
  return `${JSON.stringify({ url, pid, startedAt })}\n`
}
