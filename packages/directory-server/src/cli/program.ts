import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { directoryLimits } from '#limits/directory-limits.ts'
import { describeSettings, type EffectiveSettings } from '#settings/effective-settings.ts'
import { runBackup } from './backup.ts'
import { runDoctor } from './doctor/run-doctor.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { explain } from './explain.ts'
import { limitsText } from './limits-text.ts'
import { type StartDirectory, serve } from './serve.ts'
import { addSettingsOptions, readSettings } from './settings-options.ts'

export interface ProgramParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly startDirectory: StartDirectory
  /** All but the ready line and the log. */
  readonly output: Output
}

export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What is said on the command line only. */
const Asked = z.object({ json: z.boolean(), printLimits: z.boolean(), printConfig: z.boolean() })

/** Runs one command line to its end and says its exit code. What was asked goes to stdout, all the rest to stderr. */
export async function runProgram(args: readonly string[], parts: ProgramParts): Promise<ExitCode> {
  const { output } = parts
  let exitCode: ExitCode = EXIT.done
  const program = new Command('parley-directory')
    .description('The directory: introduces people to each other; it never carries a message')
    .version(parts.version)
    .option('--json', 'print what is printed as JSON', false)
    .option('--print-limits', 'print every maximum and end', false)
    .option('--print-config', 'print every setting, and where it comes from, and end', false)
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .exitOverride()
  addSettingsOptions(program)

  const act = async () => {
    const { json: isJson, ...asked } = Asked.parse(program.opts())
    const effective = await readSettings(program, parts.environment)
    if (asked.printLimits) output.out(limitsText(directoryLimits(effective.settings.limit), isJson))
    else if (asked.printConfig) output.out(settingsText(effective, isJson))
    else exitCode = await serve(effective.settings, { isJson, startDirectory: parts.startDirectory })
  }
  program.action(act)
  program
    .command('serve')
    .description('run the directory; what happens without a command')
    .addHelpText('after', '\nExamples:\n  parley-directory serve\n  parley-directory --port 5001 serve')
    .action(act)
  program
    .command('backup')
    .description('copy the database to FILE and the key of the directory to FILE.key, while it runs or not')
    .argument('<file>', 'must not exist yet')
    .option('--without-key', 'leave the key out; you have it elsewhere', false)
    .addHelpText(
      'after',
      '\nExamples:\n  parley-directory backup /mnt/copy.db\n  parley-directory --data-dir D backup copy.db --without-key',
    )
    .action(async (file: string, { withoutKey }: { withoutKey: boolean }) => {
      const { json: isJson } = Asked.parse(program.opts())
      const { settings } = await readSettings(program, parts.environment)
      exitCode = await runBackup(settings, { file, withKey: !withoutKey, isJson, out: output.out })
    })
  program
    .command('doctor')
    .description('look for what is wrong with the machine, the data, the certificate and the port, and say what to do')
    .addHelpText('after', '\nExamples:\n  parley-directory doctor\n  parley-directory --data-dir D --json doctor')
    .action(async () => {
      const { json: isJson } = Asked.parse(program.opts())
      const { settings } = await readSettings(program, parts.environment)
      exitCode = await runDoctor(settings, { isJson, out: output.out })
    })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // commander has printed it: help and the version to stdout, mistakes to stderr.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const explanation = explain(error)
    output.err(`parley-directory: ${explanation.sentence}\n`)
    return explanation.exitCode
  }
}

const HELP = `
Flags go before the environment, the environment before the file of --config, that before the defaults. In the file a setting has
the name of its flag without the dashes, for instance "data-dir: /var/lib/parley-directory".

Examples:
  parley-directory                  for this machine, on port 5000
  parley-directory --port 0 --json  any free port; the ready line as JSON
  parley-directory --host :: --tls-cert chain.pem --tls-key key.pem
                                    for other machines, by https
  parley-directory backup copy.db   while it runs or not
  parley-directory doctor           what is wrong, and what to do`

function settingsText(effective: EffectiveSettings, isJson: boolean): string {
  const described = describeSettings(effective)
  if (isJson) return `${JSON.stringify(described)}\n`
  return described.map(({ name, value, from }) => `${name}: ${JSON.stringify(value)}  # ${from}\n`).join('')
}
