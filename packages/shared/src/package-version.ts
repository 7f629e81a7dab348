import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { z } from 'zod'

const Package = z.object({ version: z.string() })

/** The version of the package that a module belongs to, however deep below it the module lies. */
export function packageVersion(moduleUrl: string): string {
  const path = findPackageJSON(moduleUrl)
  if (path === undefined) throw new Error(`${moduleUrl} belongs to no package`)
  return Package.parse(JSON.parse(readFileSync(path, 'utf8'))).version
}
