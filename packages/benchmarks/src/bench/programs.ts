import { fileURLToPath } from 'node:url'

/** Built, every program lies beside the code that starts it; the sources keep their folders. */
const isBuilt = import.meta.url.includes('/dist/program/')

/** What a process of its own runs, by its path below `src`. `scripts/build.ts` has them all. */
export function programOf(path: string): URL {
  return isBuilt
    ? new URL(`./${path.slice(path.lastIndexOf('/') + 1)}.js`, import.meta.url)
    : new URL(`../${path}.ts`, import.meta.url)
}

/** The command line of the product, built when this is. */
export const PARLEY = fileURLToPath(
  new URL(isBuilt ? '../dist/program/main.js' : './main.ts', import.meta.resolve('@parley/peer-client')),
)
