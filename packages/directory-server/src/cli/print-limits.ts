import { limitLines } from '@parley/shared/limit-table.ts'
import { describeLimits } from '#limits/about-limits.ts'
import type { DirectoryLimits } from '#limits/directory-limits.ts'

export function printLimits(limits: DirectoryLimits, isJson: boolean): void {
  const described = describeLimits(limits)
  console.log(isJson ? JSON.stringify(Object.fromEntries(described)) : limitLines(described).join('\n'))
}
