import { packageVersion } from '@parley/shared/package-version.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Terminal } from '@parley/shared/terminal/terminal.ts'
import { EXIT } from '#cli/exit.ts'
import { askHidden } from '#cli/hidden-input.ts'
import { runCli } from '#cli/program.ts'
import { actionsIn } from './actions-in.ts'

process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(EXIT.internal)
})
// Whoever read the output has seen enough.
process.stdout.on('error', (error) => {
  if (systemErrorCode(error) === 'EPIPE') process.exit(EXIT.done)
  throw error
})
const { PARLEY_PASSPHRASE, PARLEY_NEW_PASSPHRASE } = process.env
// Not for the programs that this one starts, nor for a report of its crash.
delete process.env['PARLEY_PASSPHRASE']
delete process.env['PARLEY_NEW_PASSPHRASE']
process.exitCode = await runCli(process.argv.slice(2), {
  actions: actionsIn(process.env),
  secrets: { PARLEY_PASSPHRASE, PARLEY_NEW_PASSPHRASE },
  askHidden: process.stdin.isTTY ? (question) => askHidden(process.stdin, process.stderr, question) : undefined,
  terminal: new Terminal({ out: process.stdout, errors: process.stderr, environment: process.env }),
  input: process.stdin,
  now: Date.now,
  version: packageVersion(import.meta.url),
})
