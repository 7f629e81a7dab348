import type { Settings } from '#settings/settings.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { checkPort, checkTls } from './address.ts'
import { attempt, type Check } from './check.ts'
import { checkData } from './data.ts'
import { checkDisk, checkNode, checkOpenFiles } from './machine.ts'

const SIGNS = { good: '✓', doubtful: '!', bad: '✗' } as const

export interface DoctorParts {
  readonly isJson: boolean
  /** Takes what was found. */
  readonly out: (text: string) => void
}

/** `parley-directory doctor`: what is wrong and what to do, without changing anything. The exit code is that of the first `bad`. */
export async function runDoctor(settings: Settings, { isJson, out }: DoctorParts): Promise<ExitCode> {
  const now = Date.now()
  const checks = [
    checkNode(process.versions.node),
    checkOpenFiles(),
    ...(await attempt('disk', () => [checkDisk(settings.dataDir)])),
    ...(await attempt('data', () => checkData(settings.dataDir, now))),
    ...(await attempt('tls', () => [checkTls(settings, now)])),
    ...(await attempt('port', async () => [await checkPort(settings)])),
  ]
  const bad = checks.find(({ state }) => state === 'bad')
  out(`${isJson ? JSON.stringify({ ok: bad === undefined, checks }) : checks.map(describe).join('\n')}\n`)
  return bad === undefined ? EXIT.done : (bad.exitCode ?? EXIT.internal)
}

function describe({ name, state, says, advice }: Check): string {
  return `${SIGNS[state]} ${name}: ${says}${advice === undefined ? '' : `\n    ${advice}`}`
}
