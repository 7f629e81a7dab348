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
