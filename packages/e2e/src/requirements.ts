import { spawnSync } from 'node:child_process'

/** What of the system a test or a scenario needs, beyond Node. */
export type Requirement = 'strace' | 'namespaces'

const CHECKS: Record<Requirement, { readonly command: readonly string[]; readonly why: string }> = {
  strace: {
    command: ['strace', '-o', '/dev/null', 'true'],
    why: 'strace is not installed, or may not trace (apt-get install strace)',
  },
  namespaces: {
    command: ['unshare', '--user', '--map-root-user', '--net', '--mount', 'ip', 'link', 'set', 'lo', 'up'],
    why: 'this system gives neither root nor user namespaces, or unshare and ip are not installed (apt-get install iproute2)',
  },
}

const known = new Map<Requirement, string | undefined>()

/** Why it is not there, or undefined when it is. */
export function whyMissing(requirement: Requirement): string | undefined {
  if (!known.has(requirement)) known.set(requirement, look(requirement))
  return known.get(requirement)
}

function look(requirement: Requirement): string | undefined {
  const {
    command: [file = '', ...args],
    why,
  } = CHECKS[requirement]
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0 ? undefined : why
}
