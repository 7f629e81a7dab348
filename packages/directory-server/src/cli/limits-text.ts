import { limitLines } from '@parley/shared/limit-table.ts'
import { describeLimits } from '#limits/about-limits.ts'
import type { DirectoryLimits } from '#limits/directory-limits.ts'

export function limitsText(limits: DirectoryLimits, isJson: boolean): string {
  const described = describeLimits(limits)
  return `${isJson ? JSON.stringify(Object.fromEntries(described)) : limitLines(described).join('\n')}\n`
}
