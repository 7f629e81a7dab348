import { describeLimits, limitLines } from '#limits/about-limits.ts'
import type { DirectoryLimits } from '#limits/directory-limits.ts'

export function printLimits(limits: DirectoryLimits, isJson: boolean): void {
  console.log(isJson ? JSON.stringify(Object.fromEntries(describeLimits(limits))) : limitLines(limits).join('\n'))
}
