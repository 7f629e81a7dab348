import { runProgram } from '#cli/program.ts'

export interface Read {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The program inside this process, for what it does before it would start a directory. */
export async function readHere(
  args: readonly string[],
  { env = {} }: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Read> {
  let stdout = ''
  let stderr = ''
  const exitCode = await runProgram(args, {
    environment: { HOME: '/nonexistent', ...env },
    version: '1.2.3',
    startDirectory: () => Promise.reject(new Error('a directory would be started')),
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
