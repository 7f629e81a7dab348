import type { ViteUserConfig } from 'vitest/config'
import { QUIET } from './process-group.ts'

/**
 * What is tested is loaded by Node itself, types stripped, as the programs are from their sources. A process runs one suite after the other and
 * loads what they share once, so a suite has to put back what it changes for all (`docs/decisions/0032-vitest.md`).
 */
export const NATIVELY = {
  pool: 'forks',
  isolate: false,
  execArgv: [QUIET],
  experimental: { viteModuleRunner: false, nodeLoader: false },
} as const satisfies ViteUserConfig['test']
