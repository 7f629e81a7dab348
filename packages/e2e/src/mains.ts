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

/** What of this package runs in processes of its own. */
export type Part = 'peer-runner' | 'plant-faults' | 'moving-clock'

/** Their source, or what was built of it, as with the programs. Parts that are both from the same share their modules. */
export function partOf(name: Part, main = PARLEY_MAIN): string {
  return fileURLToPath(new URL(join('..', dirname(main), `${name}${extname(main)}`), import.meta.url))
}

/** `parley` for whoever loads a part before it: built, it was built with the parts, and so it shares their modules. */
export function mainBesideParts(main = PARLEY_MAIN): string {
  return main === SOURCE ? mainOf('peer-client') : fileURLToPath(new URL(join('..', main), import.meta.url))
}
