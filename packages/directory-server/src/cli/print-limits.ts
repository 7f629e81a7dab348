import { DIRECTORY_LIMITS } from '#http/directory-limits.ts'

export function printLimits(isJson: boolean): void {
  const lines = Object.entries(DIRECTORY_LIMITS).map(([name, value]) => `${name}=${value}`)
  console.log(isJson ? JSON.stringify(DIRECTORY_LIMITS) : lines.join('\n'))
}
