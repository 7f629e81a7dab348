import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = 'src/main.ts'
const { PARLEY_MAIN = SOURCE } = process.env

/** Of a program that starts others: it starts them as this one does. */
export const PROGRAMS_ENV = { PARLEY_MAIN } as const

/** What Node is to run to start the program of a package: its sources, or with `PARLEY_MAIN` what `pnpm build` made of them. */
export function mainOf(name: 'directory-server' | 'peer-client' | 'directory-console', main = PARLEY_MAIN): string {
  return fileURLToPath(new URL(`../../${name}/${main}`, import.meta.url))
}

/** The source of a program, whatever was built: a module that is loaded before it then shares its modules. */
export function sourceOf(name: 'peer-client'): string {
  return mainOf(name, SOURCE)
}

/** What of this package runs in processes of its own. */
export type Part = 'peer-runner' | 'plant-faults' | 'moving-clock'

/** Their source, or what was built of it, as with the programs. Parts that are both from the same share their modules. */
export function partOf(name: Part, main = PARLEY_MAIN): string {
  return fileURLToPath(new URL(join('..', dirname(main), `${name}${extname(main)}`), import.meta.url))
}

export function partSourceOf(name: Part): string {
  return partOf(name, SOURCE)
}
