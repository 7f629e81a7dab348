import { fileURLToPath } from 'node:url'

const { PARLEY_MAIN = 'src/main.ts' } = process.env

/** Of a program that starts others: it starts them as this one does. */
export const PROGRAMS_ENV = { PARLEY_MAIN } as const

/** What Node is to run to start the program of a package: its sources, or with `PARLEY_MAIN` what `pnpm build` made of them. */
export function mainOf(name: 'directory-server' | 'peer-client' | 'directory-console'): string {
  return fileURLToPath(new URL(`../../${name}/${PARLEY_MAIN}`, import.meta.url))
}
