import { limitLines } from '@parley/shared/limit-table.ts'
import type { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { printable } from '@parley/shared/terminal/printable.ts'
import { Option } from 'commander'
import { z } from 'zod'
import { describeLimits } from '../about-limits.ts'
import type { Ready, RunningDaemon } from '../actions.ts'
import { type Cli, defineCommand, jsonOption, wholeNumber } from '../command.ts'
import { EXIT } from '../exit.ts'
import { currentPassphrases, passphraseFileOption } from '../passphrases.ts'
import { stopSignals } from '../signals.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const DEFAULT_PORT = 8000
const DEFAULT_MAX_PEERS = 256

export const startCommand = defineCommand({
  syntax: 'start',
  group: 'Your peer:',
  summary: 'run your peer until it is told to stop',
  details:
    'It keeps your messages, delivers them, and serves the other commands on this machine. When it is ready it says so in one line. ' +
    'Ctrl-C ends it; what waits goes out after the next start.',
  examples: [
    ['parley start', 'the first time a page makes a profile'],
    ['parley start --name alice --directory http://127.0.0.1:5000', 'makes the profile first if need be'],
    ['parley start --name bob --port 8001 --peer 127.0.0.1:8000', 'keeps a session to that peer'],
  ],
  options: [
    new Option('--name <name>', 'whose profile; made first when it is not there'),
    new Option('--uname <name>', 'the same as --name').hideHelp(),
    new Option(
      '--set-up',
      'make the profile on a page in a browser when there is none; by itself so on a terminal',
    ).default(false),
    new Option('--profile <directory>', 'the profile itself, wherever it is').env('PARLEY_PROFILE'),
    new Option('--passphrase', 'if the profile is made: encrypt it; asks for a passphrase').default(false),
    passphraseFileOption(),
    new Option(
      '--listen <address>',
      'where to listen for other peers (default: this machine only, if the directory is on it)',
    ),
    new Option('--port <number>', 'which port; 0 takes any free one')
      .default(DEFAULT_PORT)
      .argParser(wholeNumber(0, 65_535)),
    new Option('--api-port <number>', 'port of the local API (default: 100 above --port)').argParser(
      wholeNumber(0, 65_535),
    ),
    new Option('--directory <url>', 'the directory for this run').env('PARLEY_DIRECTORY'),
    new Option(
      '--directory-ca <file>',
      'certificate that vouches for an https directory, PEM, instead of those that this machine trusts',
    ).env('PARLEY_DIRECTORY_CA'),
    new Option(
      '--registration-token-file <file>',
      'the token of a directory that takes new names only with it; or set PARLEY_REGISTRATION_TOKEN',
    ),
    // On the command line every user of the machine could read it.
    new Option('--registration-token <token>').env('PARLEY_REGISTRATION_TOKEN').hideHelp(),
    new Option('--no-directory', 'use no directory in this run'),
    new Option('--hide-presence', 'ask the directory to show nobody whether you are online; it stays so'),
    new Option('--no-hide-presence', 'let it be seen again'),
    new Option('--peer <address...>', 'HOST:PORT of a peer to keep a session to').default([], 'none'),
    new Option('--max-peers <number>', 'how many peers may be connected to you')
      .default(DEFAULT_MAX_PEERS)
      .argParser(wholeNumber(1, 65_535)),
    new Option('--allow-private', 'dial private and loopback addresses that others name').default(false),
    new Option(
      '--network-token-file <file>',
      'the secret of a closed network: whoever does not know it is not let in; or set PARLEY_NETWORK_TOKEN',
    ),
    new Option('--network-token <token>', 'the same, where other users of this machine can read it').env(
      'PARLEY_NETWORK_TOKEN',
    ),
    new Option('--print-limits', 'print every maximum and end').default(false),
    new Option('--log-level <level>', 'least important log lines to write, to stderr')
      .env('PARLEY_LOG')
      .choices(LOG_LEVELS)
      .default('info'),
    jsonOption('print the ready line as JSON'),
  ],
  args: z.tuple([]),
  flags: z.object({
    name: z.string().optional(),
    uname: z.string().optional(),
    setUp: z.boolean(),
    profile: z.string().optional(),
    passphrase: z.boolean(),
    passphraseFile: z.string().optional(),
    listen: z.string().optional(),
    port: z.int(),
    apiPort: z.int().optional(),
    directory: z.union([z.string(), z.boolean()]).optional(),
    directoryCa: z.string().optional(),
    registrationToken: z.string().optional(),
    registrationTokenFile: z.string().optional(),
    hidePresence: z.boolean().optional(),
    peer: z.array(z.string()),
    maxPeers: z.int(),
    allowPrivate: z.boolean(),
    networkToken: z.string().optional(),
    networkTokenFile: z.string().optional(),
    printLimits: z.boolean(),
    logLevel: z.string(),
    json: z.boolean(),
  }),
  run: async (cli, _args, { json, name, uname, directory, peer, printLimits, ...flags }) => {
    if (printLimits) {
      const limits = describeLimits(flags)
      if (json) cli.terminal.json(Object.fromEntries(limits))
      else for (const line of limitLines(limits)) cli.terminal.line(line)
      return EXIT.done
    }
    using stopping = stopSignals()
    const { passphrase, passphraseFile, setUp, ...others } = flags
    const setsUp = setUp || (cli.terminal.isInteractive && !json)
    const passphrases = currentPassphrases(cli, passphraseFile)
    const options = {
      ...others,
      name: name ?? uname,
      passphrase: passphrases,
      wantsPassphrase: passphrase || passphrases.isGiven,
      directory: directory === false ? null : typeof directory === 'string' ? directory : undefined,
      peers: peer,
      onSetUp: setsUp ? (link: SignInLink) => invite(cli, link, json) : undefined,
      signal: stopping.signal,
    }
    try {
      const running = await cli.actions.start(options)
      announce(cli, running.ready, json)
      // Whoever reads this line is you, once: it is for eyes only, and never for what keeps the output.
      if (!json && cli.terminal.isInteractive) cli.terminal.line(`In a browser: ${running.signInLink().url}`)
      await untilStopped(running, stopping.signal)
    } catch (error) {
      // Told to stop before it was ready, it did.
      if (error !== stopping.signal.reason) throw error
    }
    return EXIT.done
  },
})

/** Whoever reads this makes the profile, once: it is for eyes only, and never for what keeps the output. */
function invite({ terminal }: Cli, link: SignInLink, json: boolean): void {
  if (json) terminal.json({ event: 'set-up', ...link })
  else terminal.line(`There is no profile yet. Choose a name in a browser: ${link.url}`)
}

function announce({ terminal }: Cli, { isNewProfile, ...ready }: Ready, json: boolean): void {
  if (json) {
    terminal.json({ event: 'ready', ...ready })
    return
  }
  if (isNewProfile) terminal.note(`A profile for ${ready.name} was made in ${ready.profile}`)
  const directory = ready.directory === null ? 'no directory' : `directory ${ready.directory}`
  terminal.line(
    printable(`${ready.name} is ready on ${ready.listening.join(' and ')}, local API ${ready.api}, ${directory}`),
  )
}

async function untilStopped(running: RunningDaemon, signal: AbortSignal): Promise<void> {
  const stop = () => {
    // Whatever it rejects with, `stopped` does too.
    running.stop().catch(() => undefined)
  }
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  await running.stopped
}
