import { packageVersion } from '@parley/shared/package-version.ts'
import { EXIT } from '#cli/exit.ts'
import { runProgram } from '#cli/program.ts'
import { startDirectory } from './directory-server.ts'

process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(EXIT.internal)
})
process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  version: packageVersion(import.meta.url),
  startDirectory,
  output: { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
})
