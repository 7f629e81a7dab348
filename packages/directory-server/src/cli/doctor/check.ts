import type { ExitCode } from '../exit.ts'
import { explain } from '../explain.ts'

export interface Check {
  readonly name: string
  readonly state: 'good' | 'doubtful' | 'bad'
  readonly says: string
  /** What to do. */
  readonly advice?: string
  /** With `bad`: what a start would end with, or what is nearest to it. */
  readonly exitCode?: ExitCode
}

/** The checks that `look` makes; what it throws is one that failed. */
export async function attempt(name: string, look: () => Check[] | Promise<Check[]>): Promise<Check[]> {
  try {
    return await look()
  } catch (error) {
    const { exitCode, sentence } = explain(error)
    return [{ name, state: 'bad', says: sentence, exitCode }]
  }
}
