import { runProgram } from '#cli/program.ts'
import type { StartDirectory } from '#cli/serve.ts'

interface ReadOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly startDirectory?: StartDirectory
}

const neverStarted = () => Promise.reject(new Error('a directory would be started'))

export interface Read {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The program inside this process, for all that it does without a directory, or with none that starts. */
export async function readHere(
  args: readonly string[],
  { env = {}, startDirectory = neverStarted }: ReadOptions = {},
): Promise<Read> {
  let stdout = ''
  let stderr = ''
  const exitCode = await runProgram(args, {
    environment: { HOME: '/nonexistent', ...env },
    version: '1.2.3',
    startDirectory,
    output: {
      out: (text) => {
        stdout += text
      },
      err: (text) => {
        stderr += text
      },
    },
  })
  return { exitCode, stdout, stderr }
}
