import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiClient, type ApiClientOptions } from '@parley/api-client'
import { API_TOKEN_FILE, ApiToken, DAEMON_FILE, DaemonFile } from '@parley/shared/local-api/daemon-file.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { ProfileChoice } from './actions.ts'
import { CliError, EXIT } from './exit.ts'

export interface DaemonConnection {
  readonly client: ApiClient
  readonly daemon: DaemonFile
}

/** The running daemon of a profile. Throws CliError when there is none. */
export async function connectToDaemon(
  profile: string,
  choice: ProfileChoice,
  events: Pick<ApiClientOptions, 'onLost'> = {},
): Promise<DaemonConnection> {
  const daemon = await findDaemon(profile)
  const token = ApiToken.safeParse((await readText(join(profile, API_TOKEN_FILE)))?.trimEnd())
  if (daemon === undefined || !token.success) {
    throw new CliError(
      EXIT.unavailable,
      'not-running',
      `no daemon is running for the profile ${profile}. Start it with: parley start${choiceWords(choice)}`,
    )
  }
  const { askByHttp } = await import('@parley/api-client/ask-by-http.ts')
  return { daemon, client: new ApiClient({ url: daemon.url, token: token.data, ask: askByHttp, ...events }) }
}

/** Undefined when there is no file, or when the process that wrote it is no more. */
export async function findDaemon(profile: string): Promise<DaemonFile | undefined> {
  const text = await readText(join(profile, DAEMON_FILE))
  if (text === undefined) return undefined
  const daemon = DaemonFile.safeParse(parseJson(text)).data
  // Another program may have taken the port since; the token is not for it.
  return daemon !== undefined && isAlive(daemon.pid) ? daemon : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemErrorCode(error) === 'EPERM'
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CliError(EXIT.io, 'unreadable', `${file} cannot be read (${code ?? String(error)})`, { cause: error })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What says of which profile the next command is, when this one was told; a space before it. */
export function choiceWords({ profile, name }: ProfileChoice): string {
  if (profile !== undefined) return ` --profile ${profile}`
  return name === undefined ? '' : ` --name ${name}`
}
